namespace FedJob.Protocol.Parameters;

/// <summary>Python's <c>True</c> or <c>False</c>.</summary>
/// <param name="Value">The value.</param>
public sealed record ParameterBoolean(bool Value) : ParameterValue
{
    internal static ParameterBoolean True { get; } = new(true);

    internal static ParameterBoolean False { get; } = new(false);

    internal override string PythonType => "bool";
}

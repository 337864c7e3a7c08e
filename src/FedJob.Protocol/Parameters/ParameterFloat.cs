namespace FedJob.Protocol.Parameters;

/// <summary>A floating-point number, also NaN and the infinities; always 64 bits in the file. Python's <c>float</c>.</summary>
/// <param name="Value">The value.</param>
public sealed record ParameterFloat(double Value) : ParameterValue
{
    internal override string PythonType => "float";
}

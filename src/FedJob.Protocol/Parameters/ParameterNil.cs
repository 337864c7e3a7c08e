namespace FedJob.Protocol.Parameters;

/// <summary>Python's <c>None</c>.</summary>
public sealed record ParameterNil : ParameterValue
{
    private ParameterNil()
    {
    }

    /// <summary>The only value of this type.</summary>
    public static ParameterNil Instance { get; } = new();

    internal override string PythonType => "None";
}

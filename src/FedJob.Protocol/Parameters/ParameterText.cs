namespace FedJob.Protocol.Parameters;

/// <summary>A text; UTF-8 in the file. Python's <c>str</c>.</summary>
public sealed record ParameterText : ParameterValue
{
    /// <summary>Makes a value.</summary>
    /// <param name="value">The text.</param>
    public ParameterText(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Value = value;
    }

    /// <summary>The text.</summary>
    public string Value { get; }

    internal override string PythonType => "str";
}

namespace FedJob.Node.State;

/// <summary>A train reply as it is kept: exactly what was published.</summary>
internal sealed record KeptReply
{
    /// <summary>The message: JSON as text, byte for byte.</summary>
    public required string Payload { get; init; }

    /// <summary>The user properties it went with.</summary>
    public required Dictionary<string, string> Properties { get; init; }
}

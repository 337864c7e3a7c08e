namespace FedJob.Protocol.Messages;

/// <summary>A node could not do what was asked. It names no job, and its researcher may be an <see cref="UnsetResearcher"/>.</summary>
public sealed record ErrorReply : NodeMessage
{
    /// <summary>The whole text of the error number, e.g. "FB313: no dataset matching request"; <c>errnum</c>.</summary>
    public required string ErrorNumber { get; init; }

    /// <summary>What else the node says; <c>extra_msg</c>.</summary>
    public required string ExtraText { get; init; }

    /// <inheritdoc/>
    public override string Command => "error";
}

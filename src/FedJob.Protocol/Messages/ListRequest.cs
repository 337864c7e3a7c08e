namespace FedJob.Protocol.Messages;

/// <summary>Asks for all datasets.</summary>
public sealed record ListRequest : ResearcherRequest
{
    /// <inheritdoc/>
    public override string Command => "list";
}

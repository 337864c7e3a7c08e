namespace FedJob.Protocol.Messages;

/// <summary>
/// A message of the Fed-BioMed 4.5 protocol: a JSON object with <c>protocol_version</c> "1", <c>command</c> and exact further fields.
/// </summary>
public abstract record ProtocolMessage
{
    /// <summary>The researcher who asks, or who is answered; <c>researcher_id</c>.</summary>
    public required string ResearcherId { get; init; }

    /// <summary>What kind of message it is; <c>command</c>.</summary>
    public abstract string Command { get; }
}

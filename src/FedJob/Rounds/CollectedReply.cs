using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>A participant's verdict, and where its update lies if it succeeded.</summary>
internal sealed record CollectedReply(NodeVerdict Verdict, string? UpdatePath = null, FileDigest? FileDigest = null)
{
    /// <summary>How far the update is from the global parameters, if that was measured when it was checked.</summary>
    public double? Distance { get; init; }
}

using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>A participant's verdict, and where its update lies if it succeeded.</summary>
internal sealed record CollectedReply(NodeVerdict Verdict, string? UpdatePath = null, FileDigest? FileDigest = null);

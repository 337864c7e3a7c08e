namespace FedJob.Rounds;

/// <summary>Tells who listens what happens in a round.</summary>
internal delegate void Announcement(RoundEventKind kind, string? nodeId = null, NodeVerdict? verdict = null, long? bytes = null);

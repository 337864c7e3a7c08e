namespace FedJob.Rounds;

/// <summary>A participant's verdict and, for a successful training, what it brought.</summary>
/// <param name="Verdict">How it went.</param>
/// <param name="UpdatePath">Its checked parameter file; <see langword="null"/> without one.</param>
internal sealed record CollectedReply(NodeVerdict Verdict, string? UpdatePath = null);

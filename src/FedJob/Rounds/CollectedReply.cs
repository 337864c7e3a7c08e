namespace FedJob.Rounds;

/// <summary>A participant's verdict and, for a successful training, what it brought.</summary>
/// <param name="Verdict">How it went.</param>
/// <param name="UpdatePath">Its checked parameter file; <see langword="null"/> without one.</param>
/// <param name="StateId">The id under which the node keeps its state; <see langword="null"/> to keep the old one.</param>
internal sealed record CollectedReply(NodeVerdict Verdict, string? UpdatePath = null, string? StateId = null);

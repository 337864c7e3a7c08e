namespace FedJob.Rounds;

/// <summary>What a round that succeeded changes in its job, all at once.</summary>
internal sealed record RoundCommit(RoundResult Result, GlobalParameters Parameters, IReadOnlyList<KeyValuePair<string, string?>> StateIds);

using FedJob.Protocol.Messages;

namespace FedJob.Rounds;

/// <summary>What a round that succeeded changes in its job, all at once.</summary>
internal sealed record RoundCommit(
    RoundResult Result,
    GlobalParameters Parameters,
    IReadOnlyList<KeyValuePair<string, string?>> StateIds,
    IReadOnlyDictionary<string, TrainRequest> Requests)
{
    /// <summary>The nodes' parameter files that stay, by node id.</summary>
    public IReadOnlyDictionary<string, string> ReplyFiles { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

using FedJob.Aggregation;

namespace FedJob.Rounds;

/// <summary>What the outlier guard changes in the verdicts of a round.</summary>
internal static class Exclusions
{
    /// <summary>Gives each node whose update was excluded that verdict, and removes its file.</summary>
    public static IReadOnlyList<CollectedReply> Apply(
        IReadOnlyList<CollectedReply> replies, IReadOnlyList<ScreenedUpdate> screened, Announcement announce)
    {
        Dictionary<string, ScreenedUpdate> excluded = screened.Where(s => s.Excluded).ToDictionary(s => s.NodeId, StringComparer.Ordinal);
        return excluded.Count == 0 ? replies : [.. replies.Select(r => excluded.TryGetValue(r.Verdict.NodeId, out ScreenedUpdate? outlier) ? Exclude(r, outlier) : r)];

        CollectedReply Exclude(CollectedReply reply, ScreenedUpdate outlier)
        {
            // Its samples did not count and its state is that of a training nobody used, so neither is of the round.
            NodeVerdict verdict = reply.Verdict with { Kind = VerdictKind.Excluded, Reason = outlier.ToString(), SampleCount = null, StateId = null };
            announce(RoundEventKind.Verdict, verdict.NodeId, verdict);
            File.Delete(reply.UpdatePath!);
            return new CollectedReply(verdict);
        }
    }
}

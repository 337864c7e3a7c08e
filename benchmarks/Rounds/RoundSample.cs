using FedJob.Rounds;

namespace FedJob.Benchmarks.Rounds;

/// <summary>One round: where its time went, what it moved, and the memory after it.</summary>
internal sealed record RoundSample
{
    public RoundSample(RoundResult round, TimeSpan elapsed)
    {
        RoundTimings timings = round.Timings;
        TimeSpan lastReply = round.Verdicts.Max(v => v.ReplyTime) ?? TimeSpan.Zero;
        Send = timings.Send;

        // Replies may come while requests are still being published; what is left of the collection after the last one is the tail of the downloads.
        Wait = TimeSpan.FromTicks(Math.Clamp((lastReply - timings.Send).Ticks, 0, timings.Collect.Ticks));
        Download = timings.Collect - Wait;
        Check = Sum(round, v => v.CheckTime);
        DownloadOfAll = Sum(round, v => v.DownloadTime) - Check;
        Aggregate = timings.Aggregate;
        Upload = timings.Upload;
        Commit = elapsed - timings.Total;
        Total = elapsed;
        BytesDown = round.Verdicts.Sum(v => v.DownloadedBytes);
        BytesUp = new FileInfo(round.ParametersPath).Length;
        Anonymous = MemoryWatch.Read().Anonymous;
    }

    public TimeSpan Send { get; }

    public TimeSpan Wait { get; }

    public TimeSpan Download { get; }

    /// <summary>Summed over the nodes: checks overlap with waiting, downloads and each other.</summary>
    public TimeSpan Check { get; }

    /// <summary>Summed over the nodes, as the checks.</summary>
    public TimeSpan DownloadOfAll { get; }

    public TimeSpan Aggregate { get; }

    public TimeSpan Upload { get; }

    /// <summary>What the round took beyond its phases: taking its results over, removing the nodes' files.</summary>
    public TimeSpan Commit { get; }

    public TimeSpan Total { get; }

    public long BytesDown { get; }

    public long BytesUp { get; }

    public long Anonymous { get; }

    private static TimeSpan Sum(RoundResult round, Func<NodeVerdict, TimeSpan?> time) =>
        TimeSpan.FromTicks(round.Verdicts.Sum(v => time(v)?.Ticks ?? 0));
}

using FedJob.Aggregation;

namespace FedJob.Rounds;

/// <summary>When a round ends, and what it needs to succeed. Nothing in it is without a bound.</summary>
public sealed record RoundPolicy
{
    /// <summary>How long replies may take to arrive, counted from the first request sent; above 0, at most 45 days. Default: 24 h.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many successful replies the round needs. Fewer by the deadline fail the round. Default: all participants.</summary>
    public Quorum MinimumReplies { get; init; } = Quorum.All;

    /// <summary>How long the round goes on waiting for the others once it has its minimum; at most <see cref="Deadline"/>. Default: 0, it ends at once.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.Zero;

    /// <summary>How often nodes that have not replied yet are pinged; above 0, at most 1 day. Default: 15 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A node that shows no life for this many ping intervals is lost; 1 to 1,000. Default: 4.</summary>
    public int Patience { get; init; } = 4;

    /// <summary>How many parameter files are downloaded at a time, 1 to 64. Default: 4.</summary>
    public int DownloadParallelism { get; init; } = 4;

    /// <summary>How long downloads that began before the deadline may go on after it; at least 0. Default: 10 min.</summary>
    public TimeSpan DownloadGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What happens to updates much larger than the others. Default: they are reported and used.</summary>
    public OutlierGuard OutlierGuard { get; init; } = new();

    /// <summary>Checks the values and the rules between them.</summary>
    /// <param name="participants">The number of participants of the round.</param>
    /// <exception cref="ArgumentException">A rule is broken; the message names both values.</exception>
    public void Validate(int participants)
    {
        if (Deadline <= TimeSpan.Zero || Deadline > TimeSpan.FromDays(45))
        {
            throw new ArgumentException($"RoundPolicy.Deadline is {Deadline}; allowed: above 0, at most 45 days.");
        }

        if (Grace < TimeSpan.Zero || Grace > Deadline)
        {
            throw new ArgumentException($"RoundPolicy.Grace is {Grace} and RoundPolicy.Deadline {Deadline}; the grace must lie between 0 and the deadline.");
        }

        if (PingInterval <= TimeSpan.Zero || PingInterval > TimeSpan.FromDays(1))
        {
            throw new ArgumentException($"RoundPolicy.PingInterval is {PingInterval}; allowed: above 0, at most 1 day.");
        }

        if (Patience is < 1 or > 1000)
        {
            throw new ArgumentException($"RoundPolicy.Patience is {Patience}; allowed: 1 to 1,000 ping intervals.");
        }

        if (DownloadParallelism is < 1 or > 64)
        {
            throw new ArgumentException($"RoundPolicy.DownloadParallelism is {DownloadParallelism}; allowed: 1 to 64.");
        }

        if (DownloadGrace < TimeSpan.Zero || DownloadGrace > TimeSpan.FromDays(45))
        {
            throw new ArgumentException($"RoundPolicy.DownloadGrace is {DownloadGrace}; allowed: 0 to 45 days.");
        }

        ArgumentNullException.ThrowIfNull(OutlierGuard);
        OutlierGuard.Validate();
        if (MinimumReplies.Of(participants) > participants)
        {
            throw new ArgumentException(
                $"RoundPolicy.MinimumReplies is {MinimumReplies}, but the round has only {participants} participant(s): lower the one or sample more nodes.");
        }
    }
}

using FedJob.Aggregation;

namespace FedJob.Rounds;

/// <summary>When a round ends, and what it needs to succeed. Nothing in it is without a bound.</summary>
public sealed record RoundPolicy
{
    /// <summary>
    /// How long replies may take to arrive, counted from the first request sent; above 0, at most 45 days. After a resume what was left runs on. Default: 24 h.
    /// </summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How many successful replies the round needs, of the participants that the sampler chose (the goal). Fewer when it ends fail the round. Default: all of them.
    /// </summary>
    public Quorum MinimumReplies { get; init; } = Quorum.All;

    /// <summary>How long the round goes on waiting for the others once it has its minimum; at most <see cref="Deadline"/>. Default: 0, it ends at once.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// How many more nodes are asked than the sampler chose, as a share of them, rounded up: 0.3 asks 13 for a goal of 10, drawn with the job's seed from its
    /// other nodes. The round completes with the first replies that make its goal. 0 to 10. Default: 0.
    /// </summary>
    public double OverSelection { get; init; }

    /// <summary>
    /// Whether a further node of the job is asked when one is lost or fails and the goal cannot be reached by those that are left. Default: <see langword="false"/>.
    /// </summary>
    public bool ReplaceLostNodes { get; init; }

    /// <summary>
    /// How often a node is asked again under another id, because its request was probably lost: a Python node that came back after silence or after our own link
    /// was down, or whose task broke down without a word; 0 to 100. A FedJob node is sent the same request again whenever it comes back, which costs nothing and is
    /// not counted. A failure that a node reports is not repeated. Default: 1.
    /// </summary>
    public int Retries { get; init; } = 1;

    /// <summary>How often nodes that have not replied yet are pinged; above 0, at most 1 day. Default: 15 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A node that shows no life for this many ping intervals is lost; 1 to 1,000. A FedJob node is known to be lost within a second, from its last will. Default: 4.
    /// </summary>
    public int Patience { get; init; } = 4;

    /// <summary>
    /// How long the round waits for a lost node to come back where it is needed for the minimum and nothing else is awaited; at most <see cref="Deadline"/>.
    /// Default: <see langword="null"/>, <see cref="Patience"/> x <see cref="PingInterval"/> or the deadline, whichever is shorter.
    /// </summary>
    public TimeSpan? ReturnGrace { get; init; }

    /// <summary>How many parameter files are downloaded at a time, 1 to 64. Default: 4.</summary>
    public int DownloadParallelism { get; init; } = 4;

    /// <summary>How long downloads that began before the deadline may go on after it; at least 0. Default: 10 min.</summary>
    public TimeSpan DownloadGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What happens to updates much larger than the others. Default: they are reported and used.</summary>
    public OutlierGuard OutlierGuard { get; init; } = new();

    /// <summary>
    /// A download that brings no byte for this long is broken off (and tried again by the repository's rules); above 0, at most 1 day. Default:
    /// <see langword="null"/>, the repository's own (60 s).
    /// </summary>
    public TimeSpan? TransferIdleTimeout { get; init; }

    /// <summary>How long the round waits for a lost node.</summary>
    internal TimeSpan EffectiveReturnGrace => ReturnGrace ?? (Patience * PingInterval is var usual && usual < Deadline ? usual : Deadline);

    /// <summary>Checks the values and the rules between them.</summary>
    /// <param name="participants">The number of participants the sampler chose.</param>
    /// <exception cref="ArgumentException">A rule is broken; the message names both values.</exception>
    public void Validate(int participants)
    {
        RoundPolicyRules.Check(this);
        ArgumentNullException.ThrowIfNull(OutlierGuard);
        OutlierGuard.Validate();
        if (MinimumReplies.Of(participants) > participants)
        {
            throw new ArgumentException(
                $"RoundPolicy.MinimumReplies is {MinimumReplies}, but the round has only {participants} participant(s): lower the one or sample more nodes.");
        }
    }
}

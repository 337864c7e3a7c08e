using System.Collections.Immutable;
using System.Globalization;

namespace FedJob.Testing.Scripting;

/// <summary>What a scripted node does wrong; one that says nothing answers every request at once and well.</summary>
internal sealed record NodeScript
{
    public static readonly NodeScript Flawless = new();

    public TimeSpan ShortestReplyTime { get; init; }

    public TimeSpan LongestReplyTime { get; init; }

    public ImmutableDictionary<int, (string Reason, int Times)> Failures { get; init; } = ImmutableDictionary<int, (string, int)>.Empty;

    public int? SilentFrom { get; init; }

    public int ReplyCopies { get; init; } = 1;

    /// <summary>By how much the reply of a round is late; null: until the next request.</summary>
    public ImmutableDictionary<int, TimeSpan?> Late { get; init; } = ImmutableDictionary<int, TimeSpan?>.Empty;

    /// <summary>After how long the node is back; null: never.</summary>
    public ImmutableDictionary<int, TimeSpan?> Crashes { get; init; } = ImmutableDictionary<int, TimeSpan?>.Empty;

    public RoundSet Corrupt { get; init; }

    public RoundSet Missing { get; init; }

    public double DropOut { get; init; }

    /// <summary>
    /// Whether a node drops out of a round: the same answer for the same seed, node and round, however often it is asked.
    /// </summary>
    public bool DropsOut(int seed, string nodeId, int round) =>
        DropOut > 0 && Chance.Of(seed, nodeId, "drop", round.ToString(CultureInfo.InvariantCulture)).NextDouble() < DropOut;

    /// <summary>How long the answer to a request takes.</summary>
    public TimeSpan ReplyTime(int seed, string nodeId, int number) => LongestReplyTime <= ShortestReplyTime
        ? ShortestReplyTime
        : ShortestReplyTime + ((LongestReplyTime - ShortestReplyTime)
            * Chance.Of(seed, nodeId, "time", number.ToString(CultureInfo.InvariantCulture)).NextDouble());
}

/// <summary>Some rounds, or all of them.</summary>
/// <param name="All">Whether all.</param>
/// <param name="Some">Otherwise which.</param>
internal readonly record struct RoundSet(bool All, ImmutableHashSet<int>? Some)
{
    public RoundSet With(int? round) => round is { } one ? this with { Some = (Some ?? []).Add(one) } : this with { All = true };

    public bool Contains(int round) => All || Some?.Contains(round) == true;
}

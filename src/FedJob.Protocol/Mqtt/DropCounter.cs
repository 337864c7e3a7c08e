using Microsoft.Extensions.Logging;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// Counts messages that were dropped, and tells of it at the 1st, 10th, 100th... of each topic, so that a flood does not flood the log too.
/// </summary>
/// <param name="logger">Where it is told.</param>
internal sealed partial class DropCounter(ILogger logger)
{
    // Topics are chosen by peers: what is kept about them is bounded.
    private const int MostTopics = 256;
    private const string OtherTopics = "(other topics)";

    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private long _total;

    /// <summary>All that were dropped.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Whether a count is 1, 10, 100...</summary>
    public static bool IsPowerOfTen(long count)
    {
        var power = 1L;
        while (power < count)
        {
            power *= 10;
        }

        return power == count;
    }

    /// <summary>Counts one message.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="reason">Why it was dropped.</param>
    public void Count(string topic, string reason)
    {
        Interlocked.Increment(ref _total);
        long count;
        lock (_counts)
        {
            if (_counts.Count >= MostTopics && !_counts.ContainsKey(topic))
            {
                topic = OtherTopics;
            }

            count = _counts.GetValueOrDefault(topic) + 1;
            _counts[topic] = count;
        }

        if (IsPowerOfTen(count))
        {
            LogDropped(TopicRules.Shorten(topic), count, reason);
        }
    }

    [LoggerMessage(1210, LogLevel.Warning, "Dropped a message on {Topic}, the {Count}th there: {Reason}")]
    private partial void LogDropped(string topic, long count, string reason);
}

using System.Buffers;
using System.Threading.Channels;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// The bounded queues of a link's subscriptions. Putting a message in never waits: what does not fit is dropped and counted. A message that several filters match
/// goes to the one that names its topic, else to the first.
/// </summary>
internal sealed class InboundQueues
{
    private readonly Queue[] _queues;
    private readonly Dictionary<string, Queue> _exact;
    private readonly Queue[] _patterns;
    private readonly int _maximumMessageBytes;
    private readonly Func<string, string, bool> _matches;
    private readonly TimeProvider _time;
    private volatile bool _completed;

    /// <summary>Makes the queues.</summary>
    /// <param name="options">The link's options: its subscriptions and the size limit.</param>
    /// <param name="matches">Whether a topic matches a filter.</param>
    /// <param name="dropped">Where dropped messages are counted.</param>
    /// <param name="timeProvider">The clock of the arrival stamps.</param>
    public InboundQueues(LinkOptions options, Func<string, string, bool> matches, DropCounter dropped, TimeProvider timeProvider)
    {
        _queues = [.. options.Settings.Subscriptions.Select(subscription => new Queue(subscription))];
        _patterns = [.. _queues.Where(q => q.Subscription.TopicFilter.AsSpan().ContainsAny('+', '#'))];

        // A link may have thousands of them, so that each message must not ask them all.
        _exact = _queues.Except(_patterns).ToDictionary(q => q.Subscription.TopicFilter, StringComparer.Ordinal);
        _maximumMessageBytes = options.MaximumMessageBytes;
        _matches = matches;
        Dropped = dropped;
        _time = timeProvider;
    }

    /// <summary>The messages that found no place.</summary>
    public DropCounter Dropped { get; }

    /// <summary>The queue of a filter.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public ChannelReader<InboundMessage> GetReader(string topicFilter) =>
        _queues.FirstOrDefault(queue => queue.Subscription.TopicFilter == topicFilter)?.Channel.Reader
        ?? throw new ArgumentException(
            $"The link has no subscription '{topicFilter}'; it has: "
            + $"{string.Join(", ", _queues.Select(queue => $"'{queue.Subscription.TopicFilter}'"))}.",
            nameof(topicFilter));

    /// <summary>Copies a message into its queue, or drops and counts it.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="payload">Its bytes; copied.</param>
    /// <param name="userProperties">Its user properties.</param>
    /// <param name="acknowledge">Sends its acknowledgement.</param>
    /// <returns>Whether the reader acknowledges it; when not, the caller does so now.</returns>
    public bool Accept(
        string topic,
        in ReadOnlySequence<byte> payload,
        IReadOnlyDictionary<string, string> userProperties,
        Func<CancellationToken, Task> acknowledge)
    {
        var arrival = _time.GetTimestamp();
        if (!_exact.TryGetValue(topic, out Queue? queue)
            && (queue = Array.Find(_patterns, candidate => _matches(topic, candidate.Subscription.TopicFilter))) is null)
        {
            Dropped.Count(topic, "no subscription matches its topic");
            return false;
        }

        if (payload.Length > _maximumMessageBytes)
        {
            Dropped.Count(topic, $"it has {payload.Length} bytes, BrokerOptions.MaximumMessageBytes allows {_maximumMessageBytes}");
            return false;
        }

        var manual = queue.Subscription.ManualAcknowledge;
        var message = new InboundMessage
        {
            Topic = topic,
            Payload = payload.ToArray(),
            UserProperties = userProperties,
            ArrivalTimestamp = arrival,
            Acknowledgement = manual ? acknowledge : null,
        };
        if (queue.Channel.Writer.TryWrite(message))
        {
            return manual;
        }

        if (!_completed)
        {
            Dropped.Count(
                topic,
                $"the queue of '{queue.Subscription.TopicFilter}' holds {queue.Subscription.Capacity} messages that nobody has read");
        }

        return false;
    }

    /// <summary>Ends all queues; what is in them can still be read.</summary>
    /// <param name="reason">What the reader is told at the end; <see langword="null"/> for an end in good order.</param>
    public void Complete(Exception? reason)
    {
        _completed = true;
        foreach (var queue in _queues)
        {
            queue.Channel.Writer.TryComplete(reason);
        }
    }

    private sealed class Queue(MqttSubscription subscription)
    {
        public MqttSubscription Subscription { get; } = subscription;

        public Channel<InboundMessage> Channel { get; } = System.Threading.Channels.Channel.CreateBounded<InboundMessage>(
            new BoundedChannelOptions(subscription.Capacity) { FullMode = BoundedChannelFullMode.Wait });
    }
}

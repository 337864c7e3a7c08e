using System.Collections.Concurrent;
using System.Threading.Channels;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Node;

/// <summary>A link to a broker that is not there: the test puts messages in and reads what the node published, in order.</summary>
internal sealed class FakeLink(MqttLinkSettings settings) : IMqttLink
{
    private readonly Dictionary<string, Channel<InboundMessage>> _inbound =
        settings.Subscriptions.ToDictionary(s => s.TopicFilter, _ => Channel.CreateUnbounded<InboundMessage>(), StringComparer.Ordinal);

    private readonly Channel<OutboundMessage> _published = Channel.CreateUnbounded<OutboundMessage>();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public event EventHandler<ConnectionStateChangedEventArgs>? StateChanged
    {
        add { }
        remove { }
    }

    public MqttLinkSettings Settings { get; } = settings;

    public bool IsDisposed { get; private set; }

    /// <summary>Everything published so far.</summary>
    public ConcurrentQueue<OutboundMessage> History { get; } = new();

    /// <summary>Runs before a message is published; may throw, or wait.</summary>
    public Func<OutboundMessage, CancellationToken, Task> BeforePublish { get; set; } = (_, _) => Task.CompletedTask;

    public ConnectionState State => IsDisposed ? ConnectionState.Closed : ConnectionState.Open;

    public bool SupportsUserProperties => true;

    public long DroppedCount => 0;

    public Task Completion => _completion.Task;

    public ChannelReader<InboundMessage> GetMessages(string topicFilter) => _inbound[topicFilter].Reader;

    public async Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await BeforePublish(message, cancellationToken);
        History.Enqueue(message);
        await _published.Writer.WriteAsync(message, cancellationToken);
        return PublishOutcome.Accepted;
    }

    public void Deliver(string topic, ReadOnlyMemory<byte> payload, Dictionary<string, string>? properties = null)
    {
        var message = new InboundMessage { Topic = topic, Payload = payload, ArrivalTimestamp = 0, UserProperties = properties ?? [] };
        Assert.True(_inbound[topic].Writer.TryWrite(message));
    }

    /// <summary>The next message the node published.</summary>
    public async Task<OutboundMessage> NextAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        return await _published.Reader.ReadAsync(limit.Token);
    }

    /// <summary>The next message of a kind; those before it are skipped.</summary>
    public async Task<(T Message, OutboundMessage Raw)> NextAsync<T>(CancellationToken cancellationToken)
        where T : NodeMessage
    {
        while (true)
        {
            OutboundMessage raw = await NextAsync(cancellationToken);
            if (Read(raw) is T message)
            {
                return (message, raw);
            }
        }
    }

    public bool TryNext(out OutboundMessage? message) => _published.Reader.TryRead(out message);

    public static NodeMessage Read(OutboundMessage raw)
    {
        Assert.True(MessageReader.TryReadFromNode(raw.Payload, out NodeMessage? message, out string? rejection), rejection);
        return message;
    }

    /// <summary>Ends the link as a broker does that refuses it for good.</summary>
    public void Fail(Exception reason)
    {
        _completion.TrySetException(reason);
        Close();
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        _completion.TrySetResult();
        Close();
        return ValueTask.CompletedTask;
    }

    private void Close()
    {
        foreach (Channel<InboundMessage> channel in _inbound.Values)
        {
            channel.Writer.TryComplete();
        }
    }
}

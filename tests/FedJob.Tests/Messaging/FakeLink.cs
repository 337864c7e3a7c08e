using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Messaging;

/// <summary>A researcher's link to a broker that is not there: the test delivers what nodes say and sees what was published.</summary>
internal sealed class FakeLink(TimeProvider timeProvider) : IMqttLink
{
    // Synchronous continuations: when Deliver returns, the router has handled the message.
    private readonly Dictionary<string, Channel<InboundMessage>> _inbound = Requests.Subscriptions.ToDictionary(
        s => s.TopicFilter,
        _ => Channel.CreateUnbounded<InboundMessage>(new UnboundedChannelOptions { AllowSynchronousContinuations = true }),
        StringComparer.Ordinal);

    private readonly Lock _lock = new();
    private readonly List<OutboundMessage> _published = [];

    public event EventHandler<ConnectionStateChangedEventArgs>? StateChanged
    {
        add { }
        remove { }
    }

    public ConnectionState State { get; private set; } = ConnectionState.Open;

    public bool SupportsUserProperties { get; init; } = true;

    public long DroppedCount => 0;

    public Task Completion => Task.CompletedTask;

    /// <summary>Runs when a message is published, before the broker's acknowledgement.</summary>
    public Func<OutboundMessage, CancellationToken, Task> OnPublish { get; set; } = (_, _) => Task.CompletedTask;

    public Func<OutboundMessage, PublishOutcome> Outcome { get; set; } = _ => PublishOutcome.Accepted;

    public IReadOnlyList<OutboundMessage> Published
    {
        get
        {
            lock (_lock)
            {
                return [.. _published];
            }
        }
    }

    /// <summary>Lets nodes answer: called with topic and content of each message published.</summary>
    public Action<string, JsonObject> Answers
    {
        set => OnPublish = (message, _) =>
        {
            value(message.Topic, JsonNode.Parse(message.Payload.Span)!.AsObject());
            return Task.CompletedTask;
        };
    }

    public ChannelReader<InboundMessage> GetMessages(string topicFilter) => _inbound[topicFilter].Reader;

    public async Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (State != ConnectionState.Open)
        {
            throw new MessagingException(FedJob.Abstractions.FedJobErrorCode.ConnectionClosed, "The link is closed.");
        }

        lock (_lock)
        {
            _published.Add(message);
        }

        await OnPublish(message, cancellationToken);
        return Outcome(message);
    }

    public void Deliver(string topic, string json, params (string Name, string Value)[] properties) =>
        Assert.True(_inbound[topic].Writer.TryWrite(new InboundMessage
        {
            Topic = topic,
            Payload = Encoding.UTF8.GetBytes(json),
            ArrivalTimestamp = timeProvider.GetTimestamp(),
            UserProperties = properties.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal),
        }));

    public void Reply(string json, params (string Name, string Value)[] properties) => Deliver(Topics.Researchers, json, properties);

    public void Close(Exception? reason = null)
    {
        State = reason is null ? ConnectionState.Closed : ConnectionState.Failed;
        foreach (Channel<InboundMessage> channel in _inbound.Values)
        {
            channel.Writer.TryComplete(reason);
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }
}

using System.IO.Hashing;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace FedJob.Protocol.Mqtt;

/// <summary>The link to the broker over MQTTnet.</summary>
public sealed class MqttLink : IMqttLink
{
    private readonly LinkLifecycle _lifecycle;
    private readonly MessagePublisher _publisher;
    private readonly InboundQueues _queues;

    private MqttLink(
        IBrokerConnector connector, LinkOptions options, InboundQueues queues, Random random, ILogger logger, TimeProvider timeProvider)
    {
        _queues = queues;
        _lifecycle = new LinkLifecycle(connector, options, queues, random, logger, timeProvider, Listeners);
        _publisher = new MessagePublisher(_lifecycle.Gate, options.PublishTimeout, timeProvider, options.Address);
    }

    /// <inheritdoc/>
    public event EventHandler<ConnectionStateChangedEventArgs>? StateChanged;

    /// <inheritdoc/>
    public ConnectionState State => _lifecycle.State;

    /// <inheritdoc/>
    /// <remarks>Agreed on at the first connection; it stays for the life of the link.</remarks>
    public bool SupportsUserProperties => _lifecycle.SupportsUserProperties;

    /// <inheritdoc/>
    public long DroppedCount => _queues.Dropped.Total;

    /// <inheritdoc/>
    public Task Completion => _lifecycle.Completion;

    /// <summary>Connects and subscribes; the link it returns is open.</summary>
    /// <param name="broker">Where the broker is.</param>
    /// <param name="settings">Who this link is and what it listens to.</param>
    /// <param name="logger">Where connection changes are logged.</param>
    /// <param name="timeProvider">The clock of timeouts and pauses.</param>
    /// <param name="cancellationToken">Ends the attempt; nothing is left behind.</param>
    /// <returns>The open link.</returns>
    /// <exception cref="MessagingException">
    /// No broker answered within the connect timeout, it refused, or an option is wrong; the code tells which. Nothing is left behind.
    /// </exception>
    /// <exception cref="Abstractions.FedJobException">A file named by <see cref="BrokerOptions.Tls"/> cannot be read
    /// (<c>LocalFileFailed</c>).</exception>
    /// <exception cref="ArgumentException">A setting is not allowed.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public static async Task<MqttLink> ConnectAsync(
        BrokerOptions broker, MqttLinkSettings settings, ILogger logger, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(timeProvider);
        var options = LinkOptions.Freeze(broker, settings);
        var tls = broker.Tls is null ? null : TlsMaterial.Load(broker.Tls);
        var queues = new InboundQueues(options, MqttNetArrivals.Matches, new DropCounter(logger), timeProvider);

        // The same link always pauses alike, and another one otherwise.
        var random = new Random((int)XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(settings.ClientId)));
        var connector = new MqttNetConnector(options, tls, queues, logger, timeProvider);
        return await ConnectAsync(connector, options, queues, random, logger, timeProvider, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ChannelReader<InboundMessage> GetMessages(string topicFilter) => _queues.GetReader(topicFilter);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The topic is empty, too long, or has a wildcard in it.</exception>
    public Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        TopicRules.CheckTopic(message.Topic, nameof(message));
        return _publisher.PublishAsync(message, cancellationToken);
    }

    /// <summary>
    /// Publishes the farewell, says goodbye to the broker (within 2 s) and ends the link: waiting calls fail with <c>ConnectionClosed</c>,
    /// the queues and <see cref="Completion"/> end. Later calls do nothing more.
    /// </summary>
    /// <returns>A task that ends when all is closed.</returns>
    public ValueTask DisposeAsync() => _lifecycle.DisposeAsync();

    /// <summary>Connects over any connector; for tests.</summary>
    internal static async Task<MqttLink> ConnectAsync(
        IBrokerConnector connector,
        LinkOptions options,
        InboundQueues queues,
        Random random,
        ILogger logger,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        var link = new MqttLink(connector, options, queues, random, logger, timeProvider);
        try
        {
            await link._lifecycle.StartAsync(cancellationToken).ConfigureAwait(false);
            return link;
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Cuts the connection without farewell and goodbye and ends the link, as the death of its process would: the broker publishes the
    /// will.
    /// </summary>
    internal ValueTask AbortAsync() => _lifecycle.AbortAsync();

    private IEnumerable<Action<ConnectionStateChangedEventArgs>> Listeners() =>
        (StateChanged?.GetInvocationList() ?? []).Cast<EventHandler<ConnectionStateChangedEventArgs>>().Select(
            listener => (Action<ConnectionStateChangedEventArgs>)(change => listener(this, change)));
}

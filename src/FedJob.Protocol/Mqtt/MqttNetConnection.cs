using FedJob.Abstractions;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace FedJob.Protocol.Mqtt;

/// <summary>One connection over MQTTnet. It is used once: a new connection is a new client, so that nothing of the old one can be mistaken for it.</summary>
internal sealed class MqttNetConnection : IBrokerConnection, IMqttClientAdapterFactory
{
    // mosquitto allows 20 by default and cuts off who sends more; MQTTnet does not count.
    private const int MostInFlight = 16;

    // Above the payload a message has a topic of up to 64 KiB; its properties get as much.
    private const int PacketOverhead = 128 * 1024;

    private readonly LinkOptions _options;
    private readonly TlsMaterial? _tls;
    private readonly MqttProtocolVersion _version;
    private readonly TimeProvider _time;
    private readonly MqttClient _client;
    private readonly BoundedChannel _channel;
    private readonly MqttClientOptions _mqttOptions;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationToken _untilEnd;
    private readonly TaskCompletionSource<ConnectionLoss> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SemaphoreSlim _slots = new(MostInFlight);
    private long _largestPacket = uint.MaxValue;
    private string? _certificateProblem;

    public MqttNetConnection(
        LinkOptions options, TlsMaterial? tls, MqttProtocolVersion version, InboundQueues queues, ILogger logger, TimeProvider timeProvider)
    {
        (_options, _tls, _version, _time) = (options, tls, version, timeProvider);
        _untilEnd = _ended.Token;
        KeepAlive = options.KeepAlive;
        _mqttOptions = MqttNetOptions.Build(options, tls, version, problem => _certificateProblem = problem);
        _channel = BoundedChannel.OverTcp(_mqttOptions, options.MaximumMessageBytes + PacketOverhead, (topic, bytes) => queues.Dropped.Count(
            topic, $"its packet has {bytes} bytes, BrokerOptions.MaximumMessageBytes allows {options.MaximumMessageBytes}"));

        // The handlers are in place before the connection is: a kept session delivers at once.
        _client = new MqttClient(this, MqttNetNullLogger.Instance);
        _client.ApplicationMessageReceivedAsync += new MqttNetArrivals(queues, AcknowledgeAsync, logger).TakeInAsync;
        _client.DisconnectedAsync += OnDisconnectedAsync;
    }

    public bool SupportsUserProperties => _version == MqttProtocolVersion.V500;

    public TimeSpan KeepAlive { get; private set; }

    public Task<ConnectionLoss> Lost => _lost.Task;

    /// <summary>Shakes hands with the broker.</summary>
    /// <returns>Why it did not come about; <see langword="null"/> when it did.</returns>
    public async Task<HandshakeFailure?> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _client.ConnectAsync(_mqttOptions, cancellationToken).ConfigureAwait(false);
            if (answer.ResultCode != MqttClientConnectResultCode.Success)
            {
                return HandshakeFailure.FromAnswer(answer, _options.Address);
            }

            if (!_client.IsConnected)
            {
                return new HandshakeFailure(Closed("it was cut right after the broker's consent", null), HandshakeFailureKind.Other);
            }

            if (answer.ReceiveMaximum is > 0 and < MostInFlight)
            {
                _slots = new SemaphoreSlim(answer.ReceiveMaximum.Value);
            }

            _largestPacket = answer.MaximumPacketSize is > 0 ? answer.MaximumPacketSize.Value : uint.MaxValue;
            if (answer.ServerKeepAlive > 0 && TimeSpan.FromSeconds(answer.ServerKeepAlive) < KeepAlive)
            {
                KeepAlive = TimeSpan.FromSeconds(answer.ServerKeepAlive);
            }

            return null;
        }
        catch (Exception exception)
        {
            // MQTTnet reports its own cancellation in many guises.
            cancellationToken.ThrowIfCancellationRequested();
            return HandshakeFailure.FromException(exception, _options.Address, _channel, _tls is not null, _certificateProblem);
        }
    }

    public async Task SubscribeAsync(CancellationToken cancellationToken)
    {
        if (_options.Settings.Subscriptions.Count == 0)
        {
            return;
        }

        var request = new MqttClientSubscribeOptions
        {
            TopicFilters =
            [
                .. _options.Settings.Subscriptions.Select(subscription =>
                    new MqttTopicFilter { Topic = subscription.TopicFilter, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }),
            ],
        };
        var result = await ReachAsync(() => _client.SubscribeAsync(request, _untilEnd), cancellationToken).ConfigureAwait(false);
        if (result.Items.FirstOrDefault(item => item.ResultCode >= MqttClientSubscribeResultCode.UnspecifiedError) is { } refused)
        {
            throw new MessagingException(
                FedJobErrorCode.BrokerRefused,
                $"The broker at {_options.Address} refused the subscription to '{refused.TopicFilter.Topic}' ({refused.ResultCode}). Check its access rules.");
        }
    }

    public async Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        var size = MqttNetOptions.PacketSize(message);
        if (size > _largestPacket)
        {
            throw new MessagingException(
                FedJobErrorCode.MessageInvalid,
                $"A message of {size} bytes on '{message.Topic}' was not sent: the broker at {_options.Address} takes at most {_largestPacket} and cuts off who sends more.");
        }

        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);

        // Never cancelled half-way through: a packet written in part would garble all that follow. A caller who leaves does not take the slot along.
        return await LeaveAsync(SendAsync(message), cancellationToken).ConfigureAwait(false);
    }

    public async Task PingAsync(CancellationToken cancellationToken) =>
        await ReachAsync(() => YieldTrueAsync(_client.PingAsync(_untilEnd)), cancellationToken).ConfigureAwait(false);

    public async Task DisconnectAsync(CancellationToken cancellationToken) =>
        await ReachAsync(() => YieldTrueAsync(_client.DisconnectAsync(new MqttClientDisconnectOptions(), _untilEnd)), cancellationToken).ConfigureAwait(false);

    public void Drop(MessagingException reason) => End(new ConnectionLoss(reason, IsFinal: false));

    public ValueTask DisposeAsync()
    {
        End(new ConnectionLoss(Closed("it was closed from this side", null), IsFinal: false));
        return ValueTask.CompletedTask;
    }

    IMqttChannelAdapter IMqttClientAdapterFactory.CreateClientAdapter(
        MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger) =>
        new MqttChannelAdapter(
            _channel,
            new MqttPacketFormatterAdapter(options.ProtocolVersion, new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax)),
            logger)
        {
            AllowPacketFragmentation = options.AllowPacketFragmentation,
        };

    private static string DescribeRefusal(MqttClientPublishResult result)
    {
        // mosquitto uses a code that MQTT has, but not for this.
        var code = (int)result.ReasonCode == (int)MqttClientDisconnectReason.PacketTooLarge ? "PacketTooLarge" : $"{result.ReasonCode}";
        return string.IsNullOrEmpty(result.ReasonString) ? code : $"{code}: {result.ReasonString}";
    }

    private static async Task<bool> YieldTrueAsync(Task task)
    {
        await task.ConfigureAwait(false);
        return true;
    }

    /// <summary>Waits for a task, or leaves it to end alone.</summary>
    private static async Task<T> LeaveAsync<T>(Task<T> task, CancellationToken cancellationToken)
    {
        try
        {
            return await task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nobody listens to it any more; its failure would be reported as unobserved.
            _ = task.ContinueWith(
                static left => _ = left.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }

    private async Task<PublishOutcome> SendAsync(OutboundMessage message)
    {
        try
        {
            // MQTTnet waits for an acknowledgement without end.
            using var timer = new CancellationTokenSource(_options.PublishTimeout, _time);
            var request = MqttNetOptions.ToMqttNet(message, SupportsUserProperties);
            var result = await ReachAsync(() => _client.PublishAsync(request, _untilEnd), timer.Token).ConfigureAwait(false);
            return result.ReasonCode switch
            {
                MqttClientPublishReasonCode.Success => PublishOutcome.Accepted,
                MqttClientPublishReasonCode.NoMatchingSubscribers => PublishOutcome.NoSubscribers,
                _ => throw new MessagingException(
                    FedJobErrorCode.BrokerRefused,
                    $"The broker at {_options.Address} refused a message on '{message.Topic}' ({DescribeRefusal(result)}). Check its access rules and limits."),
            };
        }
        catch (OperationCanceledException)
        {
            var silent = Closed($"it left a message on '{message.Topic}' without acknowledgement for {_options.PublishTimeout} (BrokerOptions.PublishTimeout)", null);
            Drop(silent);
            throw silent;
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Runs one exchange with the broker; whatever MQTTnet throws means that the connection is gone, or unfit.</summary>
    private async Task<T> ReachAsync<T>(Func<Task<T>> exchange, CancellationToken cancellationToken)
    {
        try
        {
            return await LeaveAsync(exchange(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var told = HandshakeFailure.Causes(exception).OfType<MqttClientUnexpectedDisconnectReceivedException>().FirstOrDefault();
            if (told?.ReasonCode is { } code)
            {
                End(LossFrom((MqttClientDisconnectReason)code, told.ReasonString, exception));
            }
            else if (_client.IsConnected)
            {
                Drop(Closed(HandshakeFailure.Innermost(exception).Message, exception));
            }

            // Else MQTTnet is about to tell the loss and its reason itself.
            throw Closed(HandshakeFailure.Innermost(exception).Message, exception);
        }
    }

    private async Task AcknowledgeAsync(MqttApplicationMessageReceivedEventArgs arrival, CancellationToken cancellationToken)
    {
        try
        {
            await ReachAsync(() => YieldTrueAsync(arrival.AcknowledgeAsync(_untilEnd)), cancellationToken).ConfigureAwait(false);
        }
        catch (MessagingException)
        {
            // The connection is gone: the broker, if it keeps the session, sends the message again.
        }
    }

    private Task OnDisconnectedAsync(MqttClientDisconnectedEventArgs end)
    {
        if (end.ClientWasConnected)
        {
            End(LossFrom(end.Reason, end.ReasonString, end.Exception));
        }

        return Task.CompletedTask;
    }

    private ConnectionLoss LossFrom(MqttClientDisconnectReason reason, string? text, Exception? cause)
    {
        if (reason == MqttClientDisconnectReason.SessionTakenOver)
        {
            return new ConnectionLoss(
                new MessagingException(
                    FedJobErrorCode.BrokerRefused,
                    $"Another link came to the broker at {_options.Address} with the client id '{_options.Settings.ClientId}' and this one was cut off. "
                    + "Give each link an id of its own.",
                    cause),
                IsFinal: true);
        }

        var why = reason is MqttClientDisconnectReason.NormalDisconnection or MqttClientDisconnectReason.UnspecifiedError
            ? cause is null ? "the other end closed it" : HandshakeFailure.Innermost(cause).Message
            : string.IsNullOrEmpty(text) ? $"the broker closed it, {reason}" : $"the broker closed it, {reason}: {text}";
        return new ConnectionLoss(Closed(why, cause), IsFinal: false);
    }

    private MessagingException Closed(string why, Exception? cause) =>
        new(FedJobErrorCode.ConnectionClosed, $"The connection to the broker at {_options.Address} ended: {why}.", cause);

    private void End(ConnectionLoss loss)
    {
        if (_lost.TrySetResult(loss))
        {
            _ended.Cancel();
            _client.Dispose();
            _ended.Dispose();
        }
    }
}

using System.Buffers;
using System.Text;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace FedJob.Testing.Scripting;

/// <summary>
/// One life of a node's connection: MQTT 3.1.1, QoS 0, clean session, keep-alive 60 s, and never connected again. Once the broker is gone or the
/// network thread is dead nothing comes in and nothing goes out, without an error.
/// </summary>
internal sealed partial class EmulatorLink : IAsyncDisposable
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(5);

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly TaskCompletionSource _deaf = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _nodeId;
    private readonly ILogger _logger;
    private readonly Action<byte[]> _arrived;

    private EmulatorLink(string nodeId, ILogger logger, Action<byte[]> arrived)
    {
        (_nodeId, _logger, _arrived) = (nodeId, logger, arrived);
        _client.ApplicationMessageReceivedAsync += OnMessageAsync;
        _client.DisconnectedAsync += OnDisconnectedAsync;
    }

    /// <summary>Completes when nothing is heard any more.</summary>
    public Task Deaf => _deaf.Task;

    public static async Task<EmulatorLink> ConnectAsync(
        string nodeId, BrokerOptions broker, ILogger logger, Action<byte[]> arrived, CancellationToken cancellationToken)
    {
        var link = new EmulatorLink(nodeId, logger, arrived);
        try
        {
            MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
                .WithTcpServer(broker.Host, broker.Port)
                .WithProtocolVersion(MqttProtocolVersion.V311)
                .WithClientId(Guid.NewGuid().ToString("N"))
                .WithCleanSession()
                .WithKeepAlivePeriod(KeepAlive)
                .WithTimeout(broker.ConnectTimeout);
            if (broker.UserName is not null)
            {
                options.WithCredentials(broker.UserName, broker.Password);
            }

            await link._client.ConnectAsync(options.Build(), cancellationToken).ConfigureAwait(false);
            var subscriptions = new MqttClientSubscribeOptionsBuilder()
                .WithTopicFilter(Topics.AllNodes, MqttQualityOfServiceLevel.AtMostOnce)
                .WithTopicFilter(Topics.Node(nodeId), MqttQualityOfServiceLevel.AtMostOnce)
                .Build();
            await link._client.SubscribeAsync(subscriptions, cancellationToken).ConfigureAwait(false);
            return link;
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The network thread dies: the socket stays, but nothing is read or written any more.</summary>
    public void GoDeaf() => _deaf.TrySetResult();

    /// <summary>Publishes; a message nobody can hear is lost, as the node's are.</summary>
    public async Task SendAsync(string topic, string json)
    {
        if (_deaf.Task.IsCompleted)
        {
            return;
        }

        try
        {
            var message = new MqttApplicationMessage
            {
                Topic = topic,
                PayloadSegment = new ArraySegment<byte>(Encoding.UTF8.GetBytes(json)),
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce,
            };
            await _client.PublishAsync(message, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is MqttCommunicationException or ObjectDisposedException or OperationCanceledException
            or InvalidOperationException)
        {
            LogLost(exception, _nodeId, topic);
        }
    }

    /// <summary>Says goodbye to the broker.</summary>
    public async Task DisconnectAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(GoodbyeTime, TimeProvider.System);
            await _client.DisconnectAsync(new MqttClientDisconnectOptions(), limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is MqttCommunicationException or ObjectDisposedException or OperationCanceledException
            or InvalidOperationException)
        {
            LogLost(exception, _nodeId, "goodbye");
        }
    }

    /// <summary>Cuts the socket, without a goodbye.</summary>
    public ValueTask DisposeAsync()
    {
        _deaf.TrySetResult();
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task OnMessageAsync(MqttApplicationMessageReceivedEventArgs arrival)
    {
        if (!_deaf.Task.IsCompleted)
        {
            _arrived(arrival.ApplicationMessage.Payload.ToArray());
        }

        return Task.CompletedTask;
    }

    private Task OnDisconnectedAsync(MqttClientDisconnectedEventArgs arguments)
    {
        _deaf.TrySetResult();
        return Task.CompletedTask;
    }

    [LoggerMessage(1550, LogLevel.Debug, "Emulated node {NodeId}: what it said on {Topic} is lost")]
    private partial void LogLost(Exception exception, string nodeId, string topic);
}

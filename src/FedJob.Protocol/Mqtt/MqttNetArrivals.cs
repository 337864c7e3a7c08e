using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Packets;

namespace FedJob.Protocol.Mqtt;

/// <summary>Hands what MQTTnet received to the queues. MQTTnet calls it for one message at a time, so it never waits.</summary>
/// <param name="queues">The queues.</param>
/// <param name="acknowledge">Sends an acknowledgement that was held back.</param>
/// <param name="logger">Where faults are told.</param>
internal sealed partial class MqttNetArrivals(
    InboundQueues queues, Func<MqttApplicationMessageReceivedEventArgs, CancellationToken, Task> acknowledge, ILogger logger)
{
    /// <summary>Whether a topic matches a filter.</summary>
    public static bool Matches(string topic, string filter) =>
        MqttTopicFilterComparer.Compare(topic, filter) == MqttTopicFilterCompareResult.IsMatch;

    public Task TakeInAsync(MqttApplicationMessageReceivedEventArgs arrival)
    {
        var message = arrival.ApplicationMessage;
        if (message.Topic == BoundedChannel.StandInTopic)
        {
            return Task.CompletedTask;
        }

        try
        {
            // Held back until it is known who acknowledges: a reader may be quicker than this handler.
            arrival.AutoAcknowledge = false;
            arrival.AutoAcknowledge = !queues.Accept(
                message.Topic,
                message.Payload,
                CopyProperties(message.UserProperties),
                cancellationToken => acknowledge(arrival, cancellationToken));
        }
        catch (Exception exception)
        {
            // MQTTnet would swallow it, and with it the acknowledgement.
            arrival.AutoAcknowledge = true;
            LogFailed(exception, TopicRules.Shorten(message.Topic));
        }

        return Task.CompletedTask;
    }

    private static IReadOnlyDictionary<string, string> CopyProperties(List<MqttUserProperty>? properties)
    {
        if (properties is not { Count: > 0 })
        {
            return FrozenDictionary<string, string>.Empty;
        }

        var copy = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in properties)
        {
            copy.TryAdd(property.Name, property.ReadValueAsString());
        }

        return copy;
    }

    [LoggerMessage(1211, LogLevel.Error, "Taking in a message on {Topic} failed")]
    private partial void LogFailed(Exception exception, string topic);
}

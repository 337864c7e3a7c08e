using System.Threading.Channels;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Messaging;

/// <summary>Reads which FedJob nodes come and go.</summary>
internal static class PresenceReader
{
    public static async Task ReadAsync(ChannelReader<InboundMessage> messages, Broadcast<NodePresence> presence, Action refuse, CancellationToken stop)
    {
        try
        {
            await foreach (InboundMessage inbound in messages.ReadAllAsync(stop).ConfigureAwait(false))
            {
                bool online = inbound.Payload.Span.SequenceEqual("online"u8);
                if (Topics.NodeOfPresence(inbound.Topic) is { } nodeId && (online || inbound.Payload.Span.SequenceEqual("offline"u8)))
                {
                    presence.Publish(new NodePresence(nodeId, online));
                }
                else
                {
                    refuse();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Disposed: the stream ends below.
        }
        catch (Exception)
        {
            // The link failed for good: whoever waits for a reply is told why, and the stream ends below.
        }

        presence.Dispose();
    }
}

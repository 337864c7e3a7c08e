using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Testing.Scripting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Federation;

/// <summary>A client of the test's own: says what no honest node would, and hears what nodes say to researchers.</summary>
internal sealed class RawLink : IAsyncDisposable
{
    private readonly MqttLink _link;

    private RawLink(MqttLink link) => _link = link;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<RawLink> ConnectAsync(BrokerOptions broker)
    {
        var settings = new MqttLinkSettings
        {
            ClientId = $"raw{Guid.NewGuid():N}",
            Subscriptions = [new MqttSubscription(Topics.Researchers, 65_536)],
        };
        return new RawLink(await MqttLink.ConnectAsync(broker, settings, NullLogger.Instance, TimeProvider.System, Token));
    }

    /// <summary>The reply of a training as its node would write it, to be changed.</summary>
    public static JsonObject Reply(EmulatedTask task, string nodeId, bool success = true) => new()
    {
        ["protocol_version"] = "1",
        ["researcher_id"] = task.ResearcherId,
        ["job_id"] = task.JobId,
        ["state_id"] = "node_state_raw",
        ["success"] = success,
        ["node_id"] = nodeId,
        ["dataset_id"] = success ? "dataset_" + nodeId : "",
        ["params_url"] = success ? "http://127.0.0.1:1/other.mpk" : "",
        ["timing"] = success ? new JsonObject { ["rtime_training"] = 1.5, ["ptime_training"] = 1.5 } : new JsonObject(),
        ["sample_size"] = success ? 3 : null,
        ["msg"] = success ? "" : "said by another",
        ["command"] = "train",
    };

    public static JsonObject Error(string researcherId, string nodeId, string number, string text = "") => new()
    {
        ["command"] = "error",
        ["errnum"] = number,
        ["node_id"] = nodeId,
        ["extra_msg"] = text,
        ["researcher_id"] = researcherId,
        ["protocol_version"] = "1",
    };

    /// <summary>Says it to the researchers; done once the broker has it.</summary>
    public Task SayAsync(JsonNode message) => SayAsync(message.ToJsonString());

    public Task SayAsync(string message) => SayAsync(Topics.Researchers, Encoding.UTF8.GetBytes(message));

    public Task SayAsync(string topic, ReadOnlyMemory<byte> payload) =>
        _link.PublishAsync(new OutboundMessage { Topic = topic, Payload = payload }, Token);

    /// <summary>The next message that a node sends with a command.</summary>
    public async Task<JsonObject> NextAsync(string command, string nodeId)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TestTimeouts.Default);
        ChannelReader<InboundMessage> messages = _link.GetMessages(Topics.Researchers);
        while (true)
        {
            InboundMessage message = await messages.ReadAsync(limit.Token);
            if (JsonNode.Parse(message.Payload.Span) is JsonObject read
                && (string?)read["command"] == command && (string?)read["node_id"] == nodeId)
            {
                return read;
            }
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();
}

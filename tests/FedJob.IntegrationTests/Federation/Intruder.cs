using System.Text;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Federation;

/// <summary>A link of the test's own, which says to researchers what no honest node would say, and hears what nodes say.</summary>
internal sealed class Intruder : IAsyncDisposable
{
    private readonly MqttLink _link;

    private Intruder(MqttLink link) => _link = link;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<Intruder> ConnectAsync(BrokerOptions broker)
    {
        var settings = new MqttLinkSettings { ClientId = $"i{Guid.NewGuid():N}", Subscriptions = [new MqttSubscription(Topics.Researchers, 1000)] };
        return new Intruder(await MqttLink.ConnectAsync(broker, settings, NullLogger.Instance, TimeProvider.System, Token));
    }

    /// <summary>A train reply of a 4.5 node, as an object to be changed.</summary>
    public static JsonObject Reply(string requestId, string jobId, string nodeId, bool success = true) => new()
    {
        ["protocol_version"] = "1",
        ["researcher_id"] = requestId,
        ["job_id"] = jobId,
        ["state_id"] = null,
        ["success"] = success,
        ["node_id"] = nodeId,
        ["dataset_id"] = success ? "dataset_" + nodeId : "",
        ["params_url"] = success ? "http://127.0.0.1:1/stolen.mpk" : "",
        ["timing"] = new JsonObject { ["rtime_training"] = 1.0, ["ptime_training"] = 1.0 },
        ["sample_size"] = success ? 3 : null,
        ["msg"] = "",
        ["command"] = "train",
    };

    public static JsonObject Error(string researcherId, string nodeId, string number, string text) => new()
    {
        ["command"] = "error",
        ["errnum"] = number,
        ["node_id"] = nodeId,
        ["extra_msg"] = text,
        ["researcher_id"] = researcherId,
        ["protocol_version"] = "1",
    };

    public Task SayAsync(JsonNode message) => SayAsync(Encoding.UTF8.GetBytes(message.ToJsonString()));

    public Task SayAsync(ReadOnlyMemory<byte> payload) => _link.PublishAsync(new OutboundMessage { Topic = Topics.Researchers, Payload = payload }, Token);

    /// <summary>The next train reply that any node sends.</summary>
    public async Task<ReadOnlyMemory<byte>> NextTrainReplyAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TestTimeouts.Default);
        while (true)
        {
            InboundMessage message = await _link.GetMessages(Topics.Researchers).ReadAsync(limit.Token);
            if (JsonNode.Parse(message.Payload.Span)?["command"]?.GetValue<string>() == "train")
            {
                return message.Payload;
            }
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();
}

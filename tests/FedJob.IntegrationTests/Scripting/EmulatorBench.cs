using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using MQTTnet;
using MQTTnet.Formatter;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>A broker, a repository, an emulated node_1 with the dataset of the captures, and a raw client that hears all it says.</summary>
internal sealed class EmulatorBench : IAsyncDisposable
{
    public const string Dataset = "dataset_35e7c86a-1981-457c-a5de-f12b6634b984";

    private readonly Channel<JsonElement> _heard = Channel.CreateUnbounded<JsonElement>();
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private int _pings = 900;

    private EmulatorBench(LocalBroker broker, LocalRepository repository) => (Broker, Repository) = (broker, repository);

    public LocalBroker Broker { get; }

    public LocalRepository Repository { get; }

    public FedBioMedNodeEmulator Node { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static DatasetEntry Entry(string id = Dataset) => new()
    {
        DatasetId = id,
        Name = "breast_cancer_1",
        DataType = "csv",
        Tags = ["bc", "test"],
        Description = "Breast cancer part 1",
        Shape = [190, 31],
        ColumnTypes = ["float64", "int64"],
    };

    public static async Task<EmulatorBench> StartAsync(EmulatedPlan? plan = null, bool requiresApproval = false)
    {
        var bench = new EmulatorBench(await LocalBroker.StartAsync(null, Token), await LocalRepository.StartAsync(new LocalRepositoryOptions(), Token));
        bench.Node = await FedBioMedNodeEmulator.StartAsync(
            new FedBioMedNodeEmulatorOptions
            {
                NodeId = "node_1",
                Broker = bench.Broker.CreateClientOptions(),
                Repository = new RepositoryOptions { Address = bench.Repository.Address },
                Datasets = { Entry() },
                Plan = plan ?? new EmulatedPlan(),
                RequiresApproval = requiresApproval,
            },
            cancellationToken: Token);
        await bench.ListenAsync();
        return bench;
    }

    /// <summary>Connects the raw client, anew after the broker was restarted.</summary>
    public async Task ListenAsync()
    {
        MqttClientOptions options = new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", Broker.Port).WithProtocolVersion(MqttProtocolVersion.V311).Build();
        _client.ApplicationMessageReceivedAsync -= HearAsync;
        _client.ApplicationMessageReceivedAsync += HearAsync;
        await _client.ConnectAsync(options, Token);
        await _client.SubscribeAsync(
            new MqttClientSubscribeOptionsBuilder().WithTopicFilter("general/researcher").WithTopicFilter("general/monitoring")
                .WithTopicFilter("general/logger").Build(),
            Token);
    }

    public Task SendAsync(string topic, string json) => SendAsync(topic, Encoding.UTF8.GetBytes(json));

    public async Task SendAsync(string topic, byte[] payload) =>
        await _client.PublishAsync(new MqttApplicationMessage { Topic = topic, PayloadSegment = payload }, Token);

    /// <summary>The next message that is wanted; others before it are dropped.</summary>
    public async Task<JsonElement> NextAsync(Func<JsonElement, bool> wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TestTimeouts.Default);
        while (true)
        {
            JsonElement message = await _heard.Reader.ReadAsync(limit.Token);
            if (wanted(message))
            {
                return message;
            }
        }
    }

    /// <summary>All that was said on general/researcher up to and without the answer to a ping sent now.</summary>
    public async Task<List<JsonElement>> UntilPongAsync(int replies)
    {
        var said = new List<JsonElement>();
        while (said.Count < replies)
        {
            said.Add(await NextAsync(IsReply));
        }

        int sequence = ++_pings;
        await SendAsync("general/node_1", Ping(sequence));
        while (true)
        {
            JsonElement next = await NextAsync(IsReply);
            if (Command(next) == "pong" && next.GetProperty("sequence").GetInt32() == sequence)
            {
                return said;
            }

            said.Add(next);
        }
    }

    public static string Ping(int sequence) =>
        $$"""{"protocol_version": "1", "researcher_id": "researcher_bench", "sequence": {{sequence}}, "command": "ping"}""";

    public static string Command(JsonElement message) => message.GetProperty("command").GetString()!;

    public async Task<string> UploadAsync(byte[] content, string name)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(content), "file", name } };
        await form.LoadIntoBufferAsync(Token);
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.PostAsync(new Uri(Repository.Address, "upload/"), form, Token);
        response.EnsureSuccessStatusCode();
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!["file"]!.GetValue<string>();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Node.DisposeAsync();
        await Repository.DisposeAsync();
        await Broker.DisposeAsync();
    }

    private static bool IsReply(JsonElement message) => Command(message) is not ("log" or "add_scalar");

    private Task HearAsync(MqttApplicationMessageReceivedEventArgs arrival)
    {
        using JsonDocument document = JsonDocument.Parse(arrival.ApplicationMessage.Payload.ToArray());
        _heard.Writer.TryWrite(document.RootElement.Clone());
        return Task.CompletedTask;
    }
}

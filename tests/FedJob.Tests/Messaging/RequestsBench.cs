using System.Text.Json.Nodes;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.Tests.Messaging;

/// <summary>Requests of a researcher over a fake link and fake time.</summary>
internal sealed class RequestsBench : IAsyncDisposable
{
    public const string Me = "researcher_me";

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan ApprovalWindow = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan LeastQuiet = TimeSpan.FromMilliseconds(100);

    public RequestsBench(bool userProperties = true)
    {
        Link = new FakeLink(Time) { SupportsUserProperties = userProperties };
        Requests = new Requests(Link, Me, Window, ApprovalWindow, new Logger<Requests>(LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(Logs)))), Time);
    }

    public ObservedTime Time { get; } = new();

    public FakeLink Link { get; }

    public Requests Requests { get; }

    public FakeLogCollector Logs { get; } = FakeLogCollector.Create(new FakeLogCollectorOptions());

    /// <summary>What FedJob nodes are told beside the message.</summary>
    public static IReadOnlyDictionary<string, string> Properties { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { [WireProperties.Seed] = "5" };

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Nodes that answer each ping at once.</summary>
    public void AnswerPings(params string[] nodes) => Link.Answers = (topic, content) => Pong(topic, content, nodes);

    /// <summary>Lets those of the nodes that hear the topic answer, if it is a ping.</summary>
    public void Pong(string topic, JsonObject content, params string[] nodes)
    {
        if ((string?)content["command"] == "ping")
        {
            foreach (string node in nodes.Where(n => Hears(n, topic)))
            {
                Link.Reply(NodeSays.Pong((string)content["researcher_id"]!, node, (int)content["sequence"]!));
            }
        }
    }

    public static bool Hears(string node, string topic) => topic == Topics.AllNodes || topic == Topics.Node(node);

    public static TrainTicket Ticket(string node, string request, string job = "job_1", int round = 3) => new(node, request, job, round);

    public static Task<PublishOutcome> SendAsync(IReplyWindow window, TrainTicket ticket, TrainRequest? request = null) =>
        window.SendAsync(ticket, window.Compose(ticket, request ?? TrainRequest(ticket.JobId), Properties, out _)!, Token);

    public static TrainRequest TrainRequest(string job = "job_1") => new()
    {
        ResearcherId = Me,
        JobId = job,
        ParametersUrl = "http://repository.test/files/p",
        TrainingArgs = new() { Epochs = 1 },
        DatasetId = "dataset_1",
        Training = true,
        ModelArgs = [],
        TrainingPlanUrl = "http://repository.test/files/plan",
        TrainingPlanClass = "Plan",
        Round = 3,
        AggregatorArgs = [],
    };

    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        await Requests.DisposeAsync();
    }
}

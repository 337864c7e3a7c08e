using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.IntegrationTests.Mqtt;
using FedJob.Protocol.Mqtt;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

/// <summary>A mosquitto that speaks only MQTT 3.1.1: no user properties, so all nodes follow Python rules.</summary>
public sealed class OldBrokerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_BrokerSpeaksOnly311_RoundsComplete()
    {
        Assert.SkipUnless(MosquittoBroker.IsInstalled, "mosquitto is not installed (looked in PATH, /usr/sbin, /usr/local/sbin).");
        await using MosquittoBroker broker = await MosquittoBroker.StartAsync(cancellationToken: Token);

        // An old mosquitto's answer to MQTT 5: a 3.1.1 CONNACK, "unacceptable protocol version". The level follows the name in the first packet.
        int refused = 0;
        await using var gate = new TcpGate(broker.Port)
        {
            Greeting = first => first.Span.IndexOf("MQTT\u0005"u8) >= 0 && Interlocked.Increment(ref refused) > 0 ? [0x20, 0x02, 0x00, 0x01] : null,
        };
        BrokerOptions old = broker.CreateClientOptions();
        old.Port = gate.Port;
        await using LocalFederation federation = await TestFederation.StartAsync(
            new LocalFederationOptions { ExternalBroker = old }, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        var options = new JobOptions
        {
            TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
            Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1 },
            RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
        };
        await using Job job = await client.CreateJobAsync(options, Token);

        await foreach (RoundResult round in job.RunAsync(2, new FedAvg(), cancellationToken: Token))
        {
            Assert.Equal(RoundOutcome.Completed, round.Outcome);
        }

        Assert.Equal(2, job.Round);
        Assert.Equal(3, refused);
    }
}

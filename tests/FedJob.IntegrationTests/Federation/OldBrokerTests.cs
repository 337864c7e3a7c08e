using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.IntegrationTests.Mqtt;
using FedJob.Protocol.Mqtt;
using FedJob.Rounds;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Federation;

/// <summary>The values of rounds over a broker that speaks only MQTT 3.1.1, for both kinds of nodes.</summary>
public sealed class OldBrokerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Fleet.FedJobEmbedded)]
    [InlineData(Fleet.FedBioMedEmbedded)]
    public async Task RunAsync_BrokerSpeaksOnly311_EachRoundIsTheSampleWeightedMean(Fleet nodes)
    {
        Assert.SkipUnless(MosquittoBroker.IsInstalled, "mosquitto is not installed (looked in PATH, /usr/sbin, /usr/local/sbin).");
        await using MosquittoBroker broker = await MosquittoBroker.StartAsync(cancellationToken: Token);

        // An old mosquitto's answer to MQTT 5: a 3.1.1 CONNACK, "unacceptable protocol version".
        int refused = 0;
        await using var gate = new TcpGate(broker.Port)
        {
            Greeting = first =>
                first.Span.IndexOf("MQTT\u0005"u8) >= 0 && Interlocked.Increment(ref refused) > 0 ? [0x20, 0x02, 0x00, 0x01] : null,
        };
        BrokerOptions old = broker.CreateClientOptions();
        old.Port = gate.Port;
        await using FleetFederation federation = await TestFederation.StartAsync(
            nodes, new LocalFederationOptions { ExternalBroker = old }, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        var options = new JobOptions
        {
            TrainingPlan = federation.MeanPlan(),
            Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 8 },
            RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
        };
        await using Job job = await client.CreateJobAsync(options, Token);

        double expected = 0;
        await foreach (RoundResult round in job.RunAsync(2, new FedAvg(), cancellationToken: Token))
        {
            expected = PythonBench.Round(expected);
            using ModelParameters parameters = job.OpenParameters();
            Assert.Equal(expected, parameters["mean"].AsSpan<double>()[0], 1e-12);
            Assert.Equal(["a:3", "b:1"], round.Verdicts.Select(v => $"{v.NodeId}:{v.SampleCount}"));
        }

        // The researcher and each FedJob node try MQTT 5 first; Python nodes never do.
        Assert.Equal(nodes.IsFedBioMed() ? 1 : 3, refused);
        Assert.Equal(0, client.Requests.RefusedCount);
    }
}

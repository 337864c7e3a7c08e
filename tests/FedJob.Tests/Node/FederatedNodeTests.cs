using System.Text;
using FedJob.Abstractions;
using FedJob.Node;
using FedJob.Node.Datasets;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Node;

public sealed class FederatedNodeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_Presence_IsRetainedWithWillAndFarewell()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        MqttLinkSettings settings = harness.Link.Settings;

        Assert.Equal([Topics.AllNodes, "general/node_1"], settings.Subscriptions.Select(s => s.TopicFilter));
        foreach ((OutboundMessage? message, string word) in ((OutboundMessage?, string)[])
            [(settings.Birth, "online"), (settings.Will, "offline"), (settings.Farewell, "offline")])
        {
            Assert.Equal(
                ("fedjob/node_1/presence", word, true), (message!.Topic, Encoding.UTF8.GetString(message.Payload.Span), message.Retain));
        }
    }

    [Fact]
    public async Task StartAsync_BadOptions_ThrowsNamingEachAndTakesNothing()
    {
        using var folder = new TemporaryFolder();
        var options = new FederatedNodeOptions { NodeId = "general/#", StateDirectory = folder.At("state"), TrainQueueCapacity = 0 };
        options.Repository.Address = new Uri("http://repository.test/");

        var exception = await Assert.ThrowsAsync<FedJobException>(
            () => FederatedNode.StartAsync(options, null, NullLoggerFactory.Instance, TimeProvider.System, Token));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, exception.Code);
        Assert.Contains("NodeId is 'general/#'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("TrainQueueCapacity is 0: 1 to 10000 is allowed", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.At("state")));
    }

    [Fact]
    public async Task StartAsync_BrokerUnreachable_LeavesTheStateDirectoryFree()
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder);
        var connections = new NodeConnections(
            (_, _) => throw new MessagingException(FedJobErrorCode.BrokerUnreachable, "no broker"), new FakeRepository());

        for (int attempt = 0; attempt < 2; attempt++)
        {
            var exception = await Assert.ThrowsAsync<MessagingException>(
                () => FederatedNode.StartAsync(options, [], () => connections, NullLoggerFactory.Instance, TimeProvider.System, Token));
            Assert.Equal("no broker", exception.Message);
        }
    }

    [Fact]
    public async Task StartAsync_CsvThatIsNotThere_ThrowsBeforeConnecting()
    {
        using var folder = new TemporaryFolder();
        FederatedNodeOptions options = Options(folder);
        options.Datasets.Add(new CsvDatasetOptions { Path = folder.At("none.csv"), Tags = { "x" } });
        var connections = new NodeConnections((_, _) => throw new InvalidOperationException("connected"), new FakeRepository());

        var exception = await Assert.ThrowsAsync<FedJobException>(
            () => FederatedNode.StartAsync(options, [], () => connections, NullLoggerFactory.Instance, TimeProvider.System, Token));

        Assert.Equal(FedJobErrorCode.DatasetInvalid, exception.Code);
    }

    [Fact]
    public async Task StartAsync_SameStateDirectoryTwice_ThrowsOptionsInvalid()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        var options = new FederatedNodeOptions { StateDirectory = harness.Folder.At("state") };
        options.Repository.Address = harness.Repository.Address;

        var exception = await Assert.ThrowsAsync<FedJobException>(
            () => FederatedNode.StartAsync(options, null, NullLoggerFactory.Instance, TimeProvider.System, Token));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, exception.Code);
    }

    [Fact]
    public async Task Restart_NothingChanged_KeepsTheDatasetIds()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        string before = harness.Node.Datasets.All[0].Id;

        await harness.RestartAsync();

        Assert.Equal(before, harness.Node.Datasets.All[0].Id);
    }

    [Fact]
    public async Task DisposeAsync_WhileTraining_CancelsItSaysSoAndGoesOffline()
    {
        using var gate = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(gate.Args()), "request_1");
        await gate.Entered;

        await harness.Node.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);

        OutboundMessage last = harness.Link.History.Last();
        var error = Assert.IsType<ErrorReply>(FakeLink.Read(last));
        Assert.StartsWith("FB312", error.ErrorNumber, StringComparison.Ordinal);
        Assert.Equal("request_1", last.UserProperties[WireProperties.RequestId]);
        Assert.True(harness.Link.IsDisposed);
        Assert.True(harness.Node.Completion.IsCompletedSuccessfully);
        Assert.Empty(Directory.GetFiles(harness.Folder.At("state/replies")));
    }

    [Fact]
    public async Task DisposeAsync_WhileAPlanComputesWithoutWaiting_CancelsIt()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(new() { ["reports"] = 1, ["spin"] = "yes" }));
        await harness.Link.NextAsync<MetricMessage>(Token);

        await harness.Node.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.True(harness.Link.IsDisposed);
    }

    [Fact]
    public async Task DisposeAsync_PlanThatDoesNotListen_IsLeftBehindAfterTheStopTimeout()
    {
        using var gate = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.StopTimeout = TimeSpan.FromMilliseconds(50));
        harness.Send(harness.Request(gate.Args(("deaf", "yes"))));
        await gate.Entered;

        await harness.Node.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Contains(harness.Logs.GetSnapshot(), r => r.Id.Id == 1492);
    }

    [Fact]
    public async Task DisposeAsync_Twice_IsTheSameAsOnce()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        await Task.WhenAll(harness.Node.DisposeAsync().AsTask(), harness.Node.DisposeAsync().AsTask());
    }

    [Fact]
    public async Task Completion_BrokerRefusesTheLinkForGood_EndsWithTheReason()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Link.Fail(new MessagingException(FedJobErrorCode.BrokerAuthenticationFailed, "no longer welcome"));

        var exception = await Assert.ThrowsAsync<MessagingException>(
            () => harness.Node.Completion.WaitAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Equal("no longer welcome", exception.Message);
    }

    private static FederatedNodeOptions Options(TemporaryFolder folder)
    {
        var options = new FederatedNodeOptions { StateDirectory = folder.At("state") };
        options.Repository.Address = new Uri("http://repository.test/");
        return options;
    }
}

using System.Text;
using FedJob.Node;
using FedJob.Node.Execution;
using FedJob.Node.Hosting;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Penguins;

namespace FedJob.IntegrationTests.Node;

public sealed class FederatedNodeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Round_OverRealBrokerAndRepository_TrainsAndTheContextIsUnloadedWithinFiveSeconds()
    {
        await using NodeOnTheWire wire = await NodeOnTheWire.StartAsync();
        var unloaded = new TaskCompletionSource<PlanUnloadedEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        wire.Node.PlanUnloaded += (_, e) => unloaded.TrySetResult(e);
        PlanBundle bundle = await PlanBundle.FromTypeAsync(typeof(PenguinPlan), Token);
        TrainRequest request = await wire.RequestAsync(bundle);
        await wire.SendAsync(request, "request_1");
        Assert.Contains("not approved", (await wire.NextReplyAsync<TrainReply>()).Text, StringComparison.Ordinal);
        await wire.Node.Approvals.ApproveAsync(bundle.Sha256, null, Token);

        await wire.SendAsync(request, "request_2");

        TrainReply reply = await wire.NextReplyAsync<TrainReply>();
        Assert.True(reply.Success, reply.Text);
        string path = wire.At("node.mpk");
        await wire.Repository.DownloadAsync(new DownloadRequest { Url = new Uri(reply.ParametersUrl), DestinationPath = path }, Token);
        using NodeParametersFile file = NodeParametersFile.Open(path);
        Assert.Equal(["weight", "bias"], file.Parameters.Names);
        Assert.True(wire.Link.GetMessages(Topics.Monitoring).Count >= 3);
        PlanUnloadedEventArgs seen = await unloaded.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.True(seen.IsUnloaded);
        Assert.InRange(seen.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Presence_StartAndDispose_IsOnlineThenOffline()
    {
        await using NodeOnTheWire wire = await NodeOnTheWire.StartAsync();
        Assert.Equal(("fedjob/node_1/presence", "online"), await NextPresenceAsync(wire));

        await wire.Node.DisposeAsync();

        Assert.Equal(("fedjob/node_1/presence", "offline"), await NextPresenceAsync(wire));
    }

    [Fact]
    public async Task Node_BrokerRestarted_ComesBackAndAnswers()
    {
        await using NodeOnTheWire wire = await NodeOnTheWire.StartAsync();
        Assert.Equal("online", (await NextPresenceAsync(wire)).Word);

        await wire.Broker.RestartAsync(Token);

        // The restarted broker has forgotten everything; that the node is there again is told by its new birth.
        Assert.Equal("online", (await NextPresenceAsync(wire)).Word);
        await wire.SendAsync(new PingRequest { ResearcherId = NodeOnTheWire.Researcher, Sequence = 5 }, "request_1");
        Assert.Equal(5, (await wire.NextReplyAsync<PongReply>()).Sequence);
    }

    [Fact]
    public async Task StartAsync_NoBroker_ThrowsTypedAndLeavesNothing()
    {
        await using NodeOnTheWire wire = await NodeOnTheWire.StartAsync();
        FederatedNodeOptions options = wire.NodeOptions();
        options.StateDirectory = wire.At("other");
        await wire.Broker.StopAsync(Token);
        options.Broker.ConnectTimeout = TimeSpan.FromSeconds(2);

        for (int attempt = 0; attempt < 2; attempt++)
        {
            await Assert.ThrowsAsync<MessagingException>(
                () => FederatedNode.StartAsync(options, null, NullLoggerFactory.Instance, TimeProvider.System, Token));
        }
    }

    [Fact]
    public async Task AddFederatedNode_InAHost_IsOnlineWhileTheHostRuns()
    {
        await using NodeOnTheWire wire = await NodeOnTheWire.StartAsync();
        await NextPresenceAsync(wire);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFederatedNode(o =>
        {
            o.NodeId = "node_2";
            o.StateDirectory = wire.At("hosted");
            o.Broker = wire.Broker.CreateClientOptions();
            o.Repository.Address = wire.Files.Address;
        });
        using IHost host = builder.Build();

        await host.StartAsync(Token);
        Assert.Equal(("fedjob/node_2/presence", "online"), await NextPresenceAsync(wire));
        Assert.Equal("node_2", host.Services.GetRequiredService<FederatedNodeService>().Node.Id);
        await host.StopAsync(Token);

        Assert.Equal(("fedjob/node_2/presence", "offline"), await NextPresenceAsync(wire));
    }

    private static async Task<(string Topic, string Word)> NextPresenceAsync(NodeOnTheWire wire)
    {
        InboundMessage message = await wire.NextAsync(Topics.AllPresence);
        return (message.Topic, Encoding.UTF8.GetString(message.Payload.Span));
    }
}

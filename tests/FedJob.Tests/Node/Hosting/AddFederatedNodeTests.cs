using FedJob.Abstractions;
using FedJob.Node;
using FedJob.Node.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FedJob.Tests.Node.Hosting;

public sealed class AddFederatedNodeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddFederatedNode_BadOptions_StopTheHostFromStartingAndAreNamed()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFederatedNode(o => o.TrainQueueCapacity = 0);
        using IHost host = builder.Build();

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));

        Assert.Contains(exception.Failures, m => m.Contains("TrainQueueCapacity is 0", StringComparison.Ordinal));
        Assert.Contains(exception.Failures, m => m.Contains("StateDirectory", StringComparison.Ordinal));
    }

    [Fact]
    public void AddFederatedNode_ConfigurationSection_BindsEveryKindOfOption()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Node:NodeId"] = "node_7",
            ["Node:StateDirectory"] = "state",
            ["Node:Broker:Port"] = "1999",
            ["Node:Repository:Address"] = "http://repository.test:8844/",
            ["Node:RequireApproval"] = "false",
            ["Node:MaximumTrainingTime"] = "01:30:00",
            ["Node:Datasets:0:Path"] = "penguins.csv",
            ["Node:Datasets:0:Tags:0"] = "penguins",
            ["Node:Datasets:0:Tags:1"] = "biscoe",
        }).Build();
        using ServiceProvider services = new ServiceCollection().AddFederatedNode(configuration.GetSection("Node")).BuildServiceProvider();

        FederatedNodeOptions options = services.GetRequiredService<IOptions<FederatedNodeOptions>>().Value;

        Assert.Equal(
            ("node_7", "state", 1999, false), (options.NodeId, options.StateDirectory, options.Broker.Port, options.RequireApproval));
        Assert.Equal("http://repository.test:8844/", options.Repository.Address!.AbsoluteUri);
        Assert.Equal(TimeSpan.FromMinutes(90), options.MaximumTrainingTime);
        Assert.Equal(["penguins", "biscoe"], Assert.Single(options.Datasets).Tags);
    }

    [Fact]
    public async Task AddFederatedNode_NodeThatCannotStart_FailsTheHostWithTheReason()
    {
        using var folder = new TemporaryFolder();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFederatedNode(o =>
        {
            o.StateDirectory = folder.Write("a-file", "");
            o.Repository.Address = new Uri("http://repository.test/");
        });
        using IHost host = builder.Build();

        var exception = await Assert.ThrowsAsync<FedJobException>(() => host.StartAsync(Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, exception.Code);
    }

    [Fact]
    public void Node_BeforeTheHostHasStarted_ThrowsInvalidOperation()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFederatedNode(_ => { });
        using IHost host = builder.Build();

        Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<FederatedNodeService>().Node);
    }
}

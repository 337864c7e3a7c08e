using FedJob.Node;
using FedJob.Node.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NodeHost;

/// <summary>The node as a service of a .NET host, which brings logging, Ctrl-C and termination signals.</summary>
internal static class HostedNode
{
    public static async Task RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
        });
        // Failures are printed in one line by the program; the host would add their stack traces.
        builder.Logging.AddFilter("Microsoft", LogLevel.None);
        builder.Services.AddFederatedNode(options => Configure(options, arguments));
        using IHost host = builder.Build();
        await host.StartAsync(cancellationToken);
        FederatedNode node = host.Services.GetRequiredService<FederatedNodeService>().Node;
        await host.WaitForShutdownAsync(cancellationToken);

        // Successful after a stop by the owner; with the reason when the broker refused the node for good.
        await node.Completion;
    }

    private static void Configure(FederatedNodeOptions options, Arguments arguments)
    {
        options.NodeId = arguments.NodeId;
        options.Broker.Host = arguments.BrokerHost;
        options.Broker.Port = arguments.BrokerPort;
        options.Repository.Address = arguments.Repository;
        options.StateDirectory = arguments.StateDirectory;
        options.RequireApproval = arguments.RequireApproval;
        arguments.Datasets.ForEach(options.Datasets.Add);
    }
}

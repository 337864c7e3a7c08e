using FedJob.Abstractions;
using FedJob.Node.Datasets;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Federations whose nodes hold one column <c>x</c>.</summary>
internal static class TestFederation
{
    public static NodeDataset Dataset(string name, params double[] x) => new()
    {
        Data = new TabularDataset(name, [DatasetColumn.FromNumbers("x", x)]),
        Tags = ["test", "numbers"],
    };

    public static Task<LocalFederation> StartAsync(params (string NodeId, double[] X)[] nodes) => StartAsync(new LocalFederationOptions(), nodes);

    public static Task<LocalFederation> StartAsync(LocalFederationOptions options, params (string NodeId, double[] X)[] nodes)
    {
        foreach ((string nodeId, double[] x) in nodes)
        {
            options.Nodes.Add(new LocalNode(nodeId) { Datasets = { Dataset("numbers of " + nodeId, x) } });
        }

        return LocalFederation.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken);
    }

    public static Task<FedJobClient> ConnectAsync(LocalFederation federation) =>
        FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Starts the fleet's federation, over mosquitto or the embedded broker.</summary>
    public static Task<FleetFederation> StartAsync(Fleet fleet, params (string NodeId, double[] X)[] nodes) =>
        StartAsync(fleet, new LocalFederationOptions(), nodes);

    public static Task<FleetFederation> StartAsync(Fleet fleet, LocalFederationOptions options, params (string NodeId, double[] X)[] nodes)
    {
        foreach ((string nodeId, double[] x) in nodes)
        {
            if (fleet.IsFedBioMed())
            {
                options.FedBioMedNodes.Add(FleetFederation.Emulated(nodeId, x));
            }
            else
            {
                options.Nodes.Add(new LocalNode(nodeId) { Datasets = { Dataset("numbers of " + nodeId, x) } });
            }
        }

        return FleetFederation.StartAsync(fleet, options);
    }

    public static Task<FedJobClient> ConnectAsync(FleetFederation federation) =>
        FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: TestContext.Current.CancellationToken);
}

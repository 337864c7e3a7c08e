using FedJob.Abstractions;
using FedJob.Node;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

/// <summary>A federation of one fleet's nodes over that fleet's broker; it owns the broker and the Python module its jobs send.</summary>
internal sealed class FleetFederation : IAsyncDisposable
{
    private readonly LocalFederation _federation;
    private readonly MosquittoBroker? _mosquitto;
    private readonly DirectoryInfo _files;
    private readonly Fleet _fleet;

    private FleetFederation(Fleet fleet, LocalFederation federation, MosquittoBroker? mosquitto)
    {
        (_fleet, _federation, _mosquitto) = (fleet, federation, mosquitto);
        _files = Directory.CreateTempSubdirectory("fedjob-fleet-");
    }

    public LocalRepository Repository => _federation.Repository;

    public IReadOnlyList<FederatedNode> Nodes => _federation.Nodes;

    public IReadOnlyList<FedBioMedNodeEmulator> FedBioMedNodes => _federation.FedBioMedNodes;

    public FedJobClientOptions ClientOptions => _federation.ClientOptions;

    public BrokerOptions Broker => _federation.ClientOptions.Broker;

    public static async Task<FleetFederation> StartAsync(Fleet fleet, LocalFederationOptions options)
    {
        Assert.SkipUnless(
            !fleet.IsMosquitto() || MosquittoBroker.IsInstalled, "mosquitto is not installed (looked in PATH, /usr/sbin, /usr/local/sbin).");
        CancellationToken token = TestContext.Current.CancellationToken;
        MosquittoBroker? mosquitto = fleet.IsMosquitto() ? await MosquittoBroker.StartAsync(cancellationToken: token) : null;
        try
        {
            options.ExternalBroker ??= mosquitto?.CreateClientOptions();
            return new FleetFederation(fleet, await LocalFederation.StartAsync(options, cancellationToken: token), mosquitto);
        }
        catch
        {
            await (mosquitto?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>An emulated node that computes what <see cref="MeanPlan"/> does.</summary>
    public static FedBioMedNodeEmulatorOptions Emulated(
        string nodeId, double[] x, Func<EmulatedTask, CancellationToken, Task>? before = null) => new()
        {
            NodeId = nodeId,
            Datasets =
        {
            new DatasetEntry
            {
                DatasetId = "dataset_" + nodeId, Name = "numbers of " + nodeId, DataType = "csv", Tags = ["test", "numbers"], Description = "x",
                Shape = [x.Length, 1],
            },
        },
            Plan = new EmulatedPlan
            {
                Train = async (task, cancellationToken) =>
                {
                    await (before?.Invoke(task, cancellationToken) ?? Task.CompletedTask);
                    double mean = task.Parameters["mean"].AsSpan<double>()[0];
                    return new EmulatedUpdate { Parameters = Mean(mean + ((x.Average() - mean) / 2)), SampleCount = x.Length };
                },
            },
        };

    /// <summary>The mean plan as the fleet's nodes run it: .NET type, or Python module that starts from the value given.</summary>
    public TrainingPlanSource MeanPlan(double start = 0)
    {
        if (!_fleet.IsFedBioMed())
        {
            return TrainingPlanSource.FromType<MeanPlan>();
        }

        string module = Path.Combine(_files.FullName, "mean_plan.py");
        File.WriteAllText(module, "class MeanPlan:\n    pass\n");
        return TrainingPlanSource.FromPythonModule(module, "MeanPlan", Mean(start));
    }

    /// <summary>Ends a node without a word, as its process would be killed.</summary>
    public Task KillNodeAsync(int index) => _fleet.IsFedBioMed() ? FedBioMedNodes[index].KillAsync() : Nodes[index].DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _federation.DisposeAsync();
        await (_mosquitto?.DisposeAsync() ?? ValueTask.CompletedTask);
        _files.Delete(recursive: true);
    }

    public static ModelParameters Mean(double value) =>
        new() { ["mean"] = ParameterTensor.FromMemory<double>(new[] { value }, [1], TensorKind.TorchTensor) };
}

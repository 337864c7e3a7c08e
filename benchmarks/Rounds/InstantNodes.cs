using System.Diagnostics;
using System.Globalization;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Testing.Scripting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Benchmarks.Rounds;

/// <summary>Emulated Fed-BioMed nodes that train nothing, in a process of their own so that their cost is not the researcher's.</summary>
internal static class InstantNodes
{
    public const string Tag = "bench";

    private const string Ready = "ready";

    /// <summary>The process of the nodes: uploads one update, starts the nodes, and stays until its input ends.</summary>
    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var repositoryOptions = new RepositoryOptions { Address = new Uri(options.Repository) };
        Uri update = await UploadAsync(repositoryOptions, options.Size, cancellationToken);
        var nodes = new List<IAsyncDisposable>();
        if (options.Connections is { } connections)
        {
            nodes.Add(await StartFleetAsync(options, connections, repositoryOptions, update, cancellationToken));
        }
        else
        {
            for (int i = 0; i < options.Nodes; i++)
            {
                nodes.Add(await StartEmulatorAsync(options, i, repositoryOptions, update, cancellationToken));
            }
        }

        Console.WriteLine(Ready);
        await Console.In.ReadToEndAsync(cancellationToken);
        foreach (IAsyncDisposable node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    /// <summary>Starts that process, and waits until its nodes listen.</summary>
    public static async Task<Process> StartProcessAsync(Options options, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--as-nodes", "--nodes", options.Nodes.ToString(CultureInfo.InvariantCulture), "--size", options.Size.ToString(CultureInfo.InvariantCulture),
            "--broker", $"{surroundings.Broker.Host}:{surroundings.Broker.Port}", "--repository", surroundings.Repository.Address!.AbsoluteUri,
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        if (options.Connections is { } connections)
        {
            start.ArgumentList.Add("--connections");
            start.ArgumentList.Add(connections.ToString(CultureInfo.InvariantCulture));
        }

        Process process = Process.Start(start) ?? throw new InvalidOperationException("The process of the nodes did not start.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(5));
        string? line = await process.StandardOutput.ReadLineAsync(limit.Token);
        return line == Ready ? process : throw new InvalidOperationException($"The process of the nodes said '{line}' instead of '{Ready}'.");
    }

    /// <summary>A model of one tensor of the size.</summary>
    public static ModelParameters Model(long size, float value)
    {
        var values = new float[size / sizeof(float)];
        Array.Fill(values, value);
        return new ModelParameters { ["layer.weight"] = ParameterTensor.FromMemory<float>(values, [values.Length], TensorKind.TorchTensor) };
    }

    private static Task<ScriptedFleet> StartFleetAsync(
        Options options, int connections, RepositoryOptions repository, Uri update, CancellationToken cancellationToken) => ScriptedFleet.StartAsync(
            new ScriptedFleetOptions
            {
                Broker = Surroundings.Address(options.Broker),
                Repository = repository,
                NodesPerConnection = (options.Nodes + connections - 1) / connections,
                FinishedRepliesKept = 1,
            },
            Enumerable.Range(0, options.Nodes).Select(i => ScriptedNode.Instant(NameOf(i), update, 100).Offers(DatasetOf(i))),
            cancellationToken: cancellationToken);

    private static Task<FedBioMedNodeEmulator> StartEmulatorAsync(
        Options options, int number, RepositoryOptions repository, Uri update, CancellationToken cancellationToken) => FedBioMedNodeEmulator.StartAsync(
            new FedBioMedNodeEmulatorOptions
            {
                NodeId = NameOf(number),
                Broker = Surroundings.Address(options.Broker),
                Repository = repository,
                Datasets = { DatasetOf(number) },
                Plan = EmulatedPlan.Instant(update, 100),
            },
            cancellationToken: cancellationToken);

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"node_{number:D5}");

    private static DatasetEntry DatasetOf(int number) => new()
    {
        DatasetId = $"dataset_{number}",
        Name = "bench",
        DataType = "csv",
        Tags = [Tag],
        Description = "instant",
        Shape = [100, 4],
    };

    private static async Task<Uri> UploadAsync(RepositoryOptions options, long size, CancellationToken cancellationToken)
    {
        string path = Path.Combine(Path.GetTempPath(), $"node_params_{Guid.NewGuid():D}.mpk");
        try
        {
            using var file = new NodeParametersFile
            {
                ResearcherId = "researcher_bench",
                JobId = "job_bench",
                StateId = "node_state_bench",
                NodeId = "node_bench",
                Parameters = Model(size, 1.5f),
            };
            await file.WriteAsync(path, cancellationToken);
            using var repository = new Repository(options, NullLogger<Repository>.Instance, TimeProvider.System);
            return (await repository.UploadAsync(path, Path.GetFileName(path), cancellationToken)).Url;
        }
        finally
        {
            File.Delete(path);
        }
    }
}

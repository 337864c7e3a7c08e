using FedJob.Abstractions;
using FedJob.IntegrationTests.Storage;
using FedJob.Protocol.Parameters;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Samples;

/// <summary>A federation of two emulated Fed-BioMed nodes, and a good command line with its files.</summary>
internal sealed class FedBioMedBench : IAsyncDisposable
{
    private readonly ScratchDirectory _files = new();

    public LocalFederation Federation { get; private set; } = null!;

    public IReadOnlyList<ScriptedNode> Nodes { get; } = [new("node_1", delta: 1, samples: 10), new("node_2", delta: 4, samples: 20)];

    /// <summary>Options and values; tests change what they are about.</summary>
    public Dictionary<string, string> Options { get; } = new(StringComparer.Ordinal);

    public IEnumerable<string> Words => [.. Options.SelectMany(o => new[] { o.Key, o.Value }), "--json"];

    public string Out => Options["--out"];

    public static async Task<FedBioMedBench> StartAsync(bool nodes = true)
    {
        var bench = new FedBioMedBench();
        var options = new LocalFederationOptions();
        foreach (ScriptedNode node in nodes ? bench.Nodes : [])
        {
            options.FedBioMedNodes.Add(node.Options);
        }

        bench.Federation = await LocalFederation.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        await bench.WriteFilesAsync();
        return bench;
    }

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string content) => _files.Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    public string PathOf(string name) => _files.PathOf(name);

    public async Task<string> WriteParametersAsync(string name, string tensor) => (await TensorMapFile.WriteAsync(
        _files.PathOf(name),
        new ModelParameters([new(tensor, ParameterTensor.FromMemory<float>(new float[] { 1, 2, 3 }, [3], TensorKind.TorchTensor))]),
        TestContext.Current.CancellationToken)).Path;

    public async ValueTask DisposeAsync()
    {
        await Federation.DisposeAsync();
        _files.Dispose();
    }

    private async Task WriteFilesAsync()
    {
        Options["--broker"] = $"127.0.0.1:{Federation.Broker.Port}";
        Options["--repository"] = Federation.Repository.Address.AbsoluteUri;
        Options["--tags"] = "demo";
        Options["--plan"] = Write("plan.py", "class Plan:\n    pass\n");
        Options["--class"] = "Plan";
        Options["--initial"] = await WriteParametersAsync("initial.mpk", "weight");
        Options["--rounds"] = "3";
        Options["--training-args"] = Write("args.json", """{"loader_args": {"batch_size": 32}, "epochs": 1, "test_ratio": 0}""");
        Options["--out"] = _files.PathOf("final.mpk");
    }
}

using BenchmarkDotNet.Attributes;
using FedJob.Protocol.Parameters;

namespace FedJob.Benchmarks.Micro;

/// <summary>The file a node sends back: the same tensors, and the fields a reply is matched and checked by.</summary>
public class NodeFileBenchmarks
{
    private ScratchFolder _folder = null!;
    private NodeParametersFile _file = null!;

    [ParamsSource(nameof(Models))]
    public ModelCase Model { get; set; } = null!;

    public static IEnumerable<ModelCase> Models => ModelCase.Files;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _folder = new ScratchFolder();
        _file = new NodeParametersFile
        {
            ResearcherId = "researcher_bench",
            JobId = "job_bench",
            StateId = "node_state_bench",
            NodeId = "node_bench",
            Parameters = Model.Make(seed: 1),
            OptimizerArgs = new() { ["lr"] = 0.1 },
        };
        await _file.WriteAsync(_folder.At("read.mpk"), CancellationToken.None);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    /// <summary>Into a temporary file that is hashed on the way and renamed at the end.</summary>
    [Benchmark]
    public async Task<long> WriteAsync() => (await _file.WriteAsync(_folder.At("written.mpk"), CancellationToken.None)).Length;

    /// <summary>Maps the file, checks its format and every field; and closes it.</summary>
    [Benchmark]
    public int Open()
    {
        using NodeParametersFile opened = NodeParametersFile.Open(_folder.At("read.mpk"));
        return opened.Parameters.Count;
    }
}

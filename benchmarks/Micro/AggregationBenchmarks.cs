using BenchmarkDotNet.Attributes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Benchmarks.Micro;

/// <summary>Ten mapped updates combined by a rule, as a round does it.</summary>
public class AggregationBenchmarks
{
    private const int Nodes = 10;

    private ScratchFolder _folder = null!;
    private ModelParameters _global = null!;
    private NodeParametersFile[] _files = null!;
    private IAggregator _rule = null!;

    [ParamsSource(nameof(Models))]
    public ModelCase Model { get; set; } = null!;

    [Params(nameof(FedAvg), nameof(CoordinateWiseMedian), nameof(FedAdam))]
    public string Rule { get; set; } = "";

    [Params(1, 2)]
    public int Threads { get; set; }

    public static IEnumerable<ModelCase> Models => ModelCase.Updates;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _folder = new ScratchFolder();
        _rule = Rule switch
        {
            nameof(FedAvg) => new FedAvg(),
            nameof(CoordinateWiseMedian) => new CoordinateWiseMedian(),
            nameof(FedAdam) => new FedAdam(),
            _ => throw new InvalidOperationException($"no rule {Rule}"),
        };
        using ModelParameters global = Model.Make(seed: Nodes);
        await AggregatedParametersFile.WriteAsync(_folder.At("global.mpk"), "bench", global, CancellationToken.None);
        _global = AggregatedParametersFile.Open(_folder.At("global.mpk"));
        _files = new NodeParametersFile[Nodes];
        for (int i = 0; i < Nodes; i++)
        {
            string path = _folder.At($"update_{i}.mpk");
            using var update = new NodeParametersFile
            {
                ResearcherId = "researcher_bench",
                JobId = "job_bench",
                StateId = null,
                NodeId = $"node_{i}",
                Parameters = Model.Make(seed: i),
            };
            await update.WriteAsync(path, CancellationToken.None);
            _files[i] = NodeParametersFile.Open(path);
        }
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        Array.ForEach(_files, f => f.Dispose());
        _global.Dispose();
        _folder.Dispose();
    }

    /// <summary>Into new arrays.</summary>
    [Benchmark]
    public int IntoMemory()
    {
        var combined = new CombinedMemory(_global);
        AggregationRun.Combine(_rule, Context(), combined, Threads, CancellationToken.None);
        return combined.ToParameters().Count;
    }

    /// <summary>Straight into the new parameter file, which is then hashed and renamed.</summary>
    [Benchmark]
    public async Task<long> IntoFileAsync()
    {
        using AggregatedParametersDraft draft = AggregatedParametersDraft.Create(_folder.At("result.mpk"), "bench", _global);
        AggregationRun.Combine(_rule, Context(), new CombinedFile(draft), Threads, CancellationToken.None);
        return (await draft.CompleteAsync(CancellationToken.None)).Length;
    }

    private AggregationContext Context() => new()
    {
        Round = 0,
        Global = _global,
        Updates = [.. _files.Select((f, i) => new NodeUpdate { NodeId = f.NodeId, SampleCount = 100 + i, Parameters = f.Parameters })],
    };
}

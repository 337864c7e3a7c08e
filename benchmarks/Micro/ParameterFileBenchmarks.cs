using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Benchmarks.Micro;

/// <summary>The file a researcher sends to nodes, from the model to the last element read back.</summary>
public class ParameterFileBenchmarks
{
    private ScratchFolder _folder = null!;
    private ModelParameters _model = null!;
    private ModelParameters _opened = null!;

    [ParamsSource(nameof(Models))]
    public ModelCase Model { get; set; } = null!;

    public static IEnumerable<ModelCase> Models => ModelCase.Files;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _folder = new ScratchFolder();
        _model = Model.Make(seed: 1);
        await AggregatedParametersFile.WriteAsync(_folder.At("read.mpk"), "bench", _model, CancellationToken.None);
        _opened = AggregatedParametersFile.Open(_folder.At("read.mpk"));
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _opened.Dispose();
        _model.Dispose();
        _folder.Dispose();
    }

    /// <summary>Into a temporary file that is hashed on the way and renamed at the end.</summary>
    [Benchmark]
    public async Task<long> WriteAsync() =>
        (await AggregatedParametersFile.WriteAsync(_folder.At("written.mpk"), "bench", _model, CancellationToken.None)).Length;

    /// <summary>Maps the file, checks its format and makes its tensors; and closes it.</summary>
    [Benchmark]
    public int Open()
    {
        using ModelParameters opened = AggregatedParametersFile.Open(_folder.At("read.mpk"));
        return opened.Count;
    }

    /// <summary>Compares names, element types and shapes with the model.</summary>
    [Benchmark]
    public bool Validate() =>
        _opened.DescribeDifference(_model) is { } difference ? throw new InvalidOperationException(difference) : true;

    /// <summary>Looks at every element through the map, as the check for NaN does.</summary>
    [Benchmark]
    public float Read()
    {
        float largest = 0;
        foreach ((_, ParameterTensor tensor) in _opened)
        {
            largest = MathF.Max(largest, MathF.Abs(TensorPrimitives.MaxMagnitude(tensor.AsSpan<float>())));
        }

        return float.IsFinite(largest) ? largest : throw new InvalidOperationException("The file does not hold what was written.");
    }
}

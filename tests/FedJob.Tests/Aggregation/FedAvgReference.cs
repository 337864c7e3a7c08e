using System.Numerics;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Aggregation;

/// <summary>Holds FedJob's FedAvg against files, tensor by tensor and bit by bit.</summary>
internal static class FedAvgReference
{
    /// <summary>From so many on, NumPy may add in pairs where it reduces over the innermost axis.</summary>
    private const int PairwiseFrom = 8;

    public static bool IsTorch(string aggregated)
    {
        using ModelParameters parameters = AggregatedParametersFile.Open(aggregated);
        return parameters.All(t => t.Value.Kind == TensorKind.TorchTensor);
    }

    public static bool IsEncrypted(string node)
    {
        using NodeParametersFile file = NodeParametersFile.Open(node);
        return file.Encrypted;
    }

    public static bool HasAuxiliaryVariables(string node)
    {
        using NodeParametersFile file = NodeParametersFile.Open(node);
        return file.AuxiliaryVariables.Count > 0;
    }

    /// <summary>Combines the updates in their order by the code a job uses, and compares with the file.</summary>
    public static void AssertIsFedAvg(string where, string start, IReadOnlyList<CapturedUpdate> updates, string expected)
    {
        using ModelParameters global = AggregatedParametersFile.Open(start);
        using ModelParameters next = AggregatedParametersFile.Open(expected);
        NodeParametersFile[] nodes = [.. updates.Select(u => NodeParametersFile.Open(u.File))];
        try
        {
            ModelParameters result = AggregationRun.Combine(
                new FedAvg(),
                new AggregationContext
                {
                    Round = 0,
                    Global = SameTypeEverywhere(global, nodes),
                    Updates = [.. updates.Zip(nodes, (u, n) => new NodeUpdate
                    {
                        NodeId = u.NodeId, SampleCount = u.SampleCount, Parameters = n.Parameters,
                    })],
                },
                TestContext.Current.CancellationToken);
            Assert.Equal(next.Names, global.Names);
            Assert.NotEmpty(result);
            foreach ((string name, ParameterTensor got) in result)
            {
                AssertTensor($"{where}, tensor '{name}'", next[name], got, [.. updates.Select(u => u.SampleCount)]);
            }
        }
        finally
        {
            Array.ForEach(nodes, n => n.Dispose());
        }
    }

    /// <summary>Without the counters that are floats in what the original averaged and whole numbers at its nodes.</summary>
    private static ModelParameters SameTypeEverywhere(ModelParameters global, NodeParametersFile[] nodes) => new(global
        .Where(t => nodes.All(n => n.Parameters[t.Key].ElementType == t.Value.ElementType))
        .ToDictionary(t => t.Key, t => t.Value));

    private static void AssertTensor(string where, ParameterTensor wanted, ParameterTensor got, long[] samples)
    {
        Assert.Equal(wanted.Shape, got.Shape);
        Assert.Equal(wanted.Kind, got.Kind);
        switch (wanted.ElementType)
        {
            case var other when other != got.ElementType:
                // PyTorch's mean of whole numbers, NumPy's of float32, are of another type: FedJob keeps the model's.
                break;
            case TensorElementType.Float32 when wanted.Kind == TensorKind.TorchTensor:
                AssertSameBits(where, wanted.AsSpan<float>(), got.AsSpan<float>(), 0);
                break;
            case TensorElementType.Float64 when wanted.Kind == TensorKind.TorchTensor:
                AssertSameBits(where, wanted.AsSpan<double>(), got.AsSpan<double>(), 0);
                break;
            case TensorElementType.Float64:
                // Beyond a few nodes NumPy adds pairwise where a tensor has one element.
                AssertSameBits(where, wanted.AsSpan<double>(), got.AsSpan<double>(), samples.Length < PairwiseFrom ? 0 : 4);
                break;
        }
    }

    public static double[] Shares(long[] samples)
    {
        double total = samples.Sum();
        return [.. samples.Select(n => n / total)];
    }

    private static void AssertSameBits<T>(string where, ReadOnlySpan<T> wanted, ReadOnlySpan<T> got, int ulps)
        where T : struct, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < wanted.Length; i++)
        {
            (T low, T high) = (wanted[i], wanted[i]);
            for (int step = 0; step < ulps; step++)
            {
                (low, high) = (T.BitDecrement(low), T.BitIncrement(high));
            }

            Assert.True(got[i] >= low && got[i] <= high, $"{where}, element {i}: expected {wanted[i]:R}, got {got[i]:R}");
        }
    }
}

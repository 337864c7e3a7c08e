using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>Runs a rule on made-up updates, as a round would.</summary>
internal static class RuleBench
{
    public static AggregationContext Context(IReadOnlyList<double[]> updates, double[]? global = null, long[]? samples = null) => new()
    {
        Round = 0,
        Global = Model(global ?? new double[updates[0].Length]),
        Updates = [.. updates.Select((u, i) => Update($"node_{i:000}", samples?[i] ?? 10, Model(u)))],
        CancellationToken = TestContext.Current.CancellationToken,
    };

    /// <summary>Combines vectors; they are spread over two tensors, so that norms and distances must be those of the whole model.</summary>
    public static double[] Combine(IAggregator rule, IReadOnlyList<double[]> updates, double[]? global = null, long[]? samples = null)
    {
        ModelParameters combined = AggregationRun.Combine(rule, Context(updates, global, samples), TestContext.Current.CancellationToken);
        return [.. combined["a"].AsSpan<double>(), .. combined["b"].AsSpan<double>()];
    }

    /// <summary>Combines one tensor of each node in its own element type.</summary>
    public static T[] CombineAs<T>(IAggregator rule, params T[][] updates)
        where T : unmanaged
    {
        var context = new AggregationContext
        {
            Round = 0,
            Global = new() { ["w"] = ParameterTensor.FromArray(new T[updates[0].Length]) },
            Updates = [.. updates.Select((u, i) => Update($"node_{i:000}", 10, new() { ["w"] = ParameterTensor.FromArray(u) }))],
        };
        return AggregationRun.Combine(rule, context, TestContext.Current.CancellationToken)["w"].AsSpan<T>().ToArray();
    }

    public static NodeUpdate Update(string node, long samples, ModelParameters parameters) =>
        new() { NodeId = node, SampleCount = samples, Parameters = parameters };

    /// <summary>Seeded vectors around 0.</summary>
    public static double[][] Vectors(int seed, int nodes, int length, double spread = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, nodes).Select(_ => Enumerable.Range(0, length).Select(_ => ((random.NextDouble() * 2) - 1) * spread).ToArray())];
    }

    private static ModelParameters Model(double[] values) => new()
    {
        ["a"] = ParameterTensor.FromArray(values[..(values.Length / 2)]),
        ["b"] = ParameterTensor.FromArray(values[(values.Length / 2)..]),
    };
}

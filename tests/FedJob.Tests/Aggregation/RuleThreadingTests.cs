using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>Blocks of any size, in any order and on several threads at once: the same bits, in the result and in what the rule remembers.</summary>
public sealed class RuleThreadingTests
{
    private const int Length = 40_000;

    private static readonly Dictionary<string, Func<IAggregator>> Rules = new(StringComparer.Ordinal)
    {
        ["FedAvg"] = () => new FedAvg(),
        ["FedProx"] = () => new FedProx(1),
        ["FedNova"] = () => new FedNova(),
        ["Scaffold"] = () => new Scaffold(),
        ["Scaffold, by samples"] = () => new Scaffold { Weighting = NodeWeighting.SampleCount },
        ["FedAvgM"] = () => new FedAvgM(),
        ["FedAdam"] = () => new FedAdam(),
        ["FedYogi"] = () => new FedYogi(),
        ["FedAdagrad"] = () => new FedAdagrad(),
    };

    public static TheoryData<string> Names => [.. Rules.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Combine_BlocksOnSeveralThreads_SameBitsAsOneAfterTheOther(string name)
    {
        IAggregator one = Rules[name](), many = Rules[name]();
        var random = new Random(3);
        float[] global = Randoms(random), other = [.. global];
        for (int round = 0; round < 3; round++)
        {
            NodeUpdate[] updates = [.. Enumerable.Range(0, 4).Select(i => Rule.Update($"n{i}", i + 1, Randoms(random)) with
            {
                TrainingArgs = new() { UpdateCount = 5, LearningRate = 0.1 },
            })];

            global = Combine(one, global, updates, Length, threads: 1);
            other = Combine(many, other, updates, 1_234, threads: 4);

            Assert.Equal(global, other);
        }
    }

    private static float[] Combine(IAggregator rule, float[] global, NodeUpdate[] updates, int blockElements, int threads)
    {
        ModelParameters model = Rule.Model(global);
        IRoundAggregation round = rule.BeginRound(new AggregationContext { Round = 0, Global = model, Updates = updates });
        float[] result = new float[global.Length];
        int[] blocks = [.. Enumerable.Range(0, (Length + blockElements - 1) / blockElements)];
        new Random(5).Shuffle(blocks);
        Parallel.ForEach(
            blocks,
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = TestContext.Current.CancellationToken },
            block =>
            {
                int start = block * blockElements;
                round.Combine(new TensorBlock<float>("w", model["w"], updates, start, result.AsSpan(start, Math.Min(blockElements, Length - start))));
            });
        return result;
    }

    private static float[] Randoms(Random random) => [.. Enumerable.Range(0, Length).Select(_ => (float)((random.NextDouble() * 4) - 2))];
}

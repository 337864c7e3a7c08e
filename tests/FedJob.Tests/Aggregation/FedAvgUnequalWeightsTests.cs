using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Aggregation;

/// <summary>
/// What the project's own captures lack: three nodes of unequal size whose replies come out of order, computed by a loop that knows nothing of
/// FedJob's, and held against FedJob as a captured round is.
/// </summary>
public sealed class FedAvgUnequalWeightsTests : IDisposable
{
    // In the order of the replies, which is neither that of the names nor that of the sizes.
    private static readonly (string Node, long Samples)[] Replies = [("node_c", 152), ("node_a", 38), ("node_b", 1021)];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-fedavg-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Combine_TorchRound_IsTheReferenceBitForBit(int seed)
    {
        float[][] values = [.. Replies.Select((_, n) => Random(seed, n).Select(v => (float)v).ToArray())];
        (CapturedUpdate[] updates, string start) = await WriteAsync(values, TensorKind.TorchTensor);

        string next = await WriteNextAsync(Torch(values, [0, 1, 2]), TensorKind.TorchTensor);

        FedAvgReference.AssertIsFedAvg("constructed", start, updates, next);
    }

    [Fact]
    public async Task Combine_TorchRoundInAnotherOrder_HasOtherBits()
    {
        float[][] values = [.. Replies.Select((_, n) => Random(1, n).Select(v => (float)v).ToArray())];
        (CapturedUpdate[] updates, string start) = await WriteAsync(values, TensorKind.TorchTensor);

        string next = await WriteNextAsync(Torch(values, [1, 2, 0]), TensorKind.TorchTensor);

        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => FedAvgReference.AssertIsFedAvg("ordinal order", start, updates, next));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Combine_SklearnRound_IsNumPysAverage(int seed)
    {
        double[][] values = [.. Replies.Select((_, n) => Random(seed, n))];
        (CapturedUpdate[] updates, string start) = await WriteAsync(values, TensorKind.NumPyArray);
        double[] shares = FedAvgReference.Shares([.. Replies.Select(r => r.Samples)]);
        double[] average = new double[values[0].Length];
        for (int i = 0; i < average.Length; i++)
        {
            // numpy.average: the sum over the stack of value times weight, by the sum of the weights
            double sum = values[0][i] * shares[0];
            sum += values[1][i] * shares[1];
            sum += values[2][i] * shares[2];
            average[i] = sum / (shares[0] + shares[1] + shares[2]);
        }

        string next = await WriteNextAsync(average, TensorKind.NumPyArray);

        FedAvgReference.AssertIsFedAvg("constructed", start, updates, next);
    }

    /// <summary>acc = f32(acc + f32(f32(p_i) * w_i)) in a given order.</summary>
    private static float[] Torch(float[][] values, int[] order)
    {
        float[] sums = new float[values[0].Length];
        foreach (int n in order)
        {
            float share = (float)(Replies[n].Samples / 1211.0);
            for (int i = 0; i < sums.Length; i++)
            {
                float product = (float)((double)share * values[n][i]); // exact in double, rounded once
                sums[i] = (float)((double)sums[i] + product);
            }
        }

        return sums;
    }

    private static double[] Random(int seed, int node)
    {
        var random = new Random((seed * 100) + node);
        return [.. Enumerable.Range(0, 1000).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 3)))];
    }

    private async Task<(CapturedUpdate[] Updates, string Start)> WriteAsync<T>(T[][] values, TensorKind kind)
        where T : unmanaged
    {
        List<CapturedUpdate> updates = [];
        for (int n = 0; n < Replies.Length; n++)
        {
            string path = Path.Combine(_folder.FullName, $"{Replies[n].Node}.mpk");
            var file = new NodeParametersFile
            {
                ResearcherId = "r",
                JobId = "j",
                StateId = "s",
                NodeId = Replies[n].Node,
                Parameters = Model(values[n], kind),
            };
            await file.WriteAsync(path, TestContext.Current.CancellationToken);
            updates.Add(new CapturedUpdate(Replies[n].Node, Replies[n].Samples, path));
        }

        return ([.. updates], await WriteNextAsync(new T[values[0].Length], kind, "start.mpk"));
    }

    private async Task<string> WriteNextAsync<T>(T[] values, TensorKind kind, string name = "next.mpk")
        where T : unmanaged
    {
        string path = Path.Combine(_folder.FullName, name);
        await AggregatedParametersFile.WriteAsync(path, "r", Model(values, kind), TestContext.Current.CancellationToken);
        return path;
    }

    private static ModelParameters Model<T>(T[] values, TensorKind kind)
        where T : unmanaged => new() { ["w"] = ParameterTensor.FromMemory<T>(values, [10, values.Length / 10], kind) };
}

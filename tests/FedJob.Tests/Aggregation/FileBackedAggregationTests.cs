using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Aggregation;

public sealed class FileBackedAggregationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("fedjob-file-backed-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task Combine_IntoTheFile_GivesTheFileOfACombinationInMemory(int threads)
    {
        AggregationContext context = Context(150_001);
        using ModelParameters inMemory = AggregationRun.Combine(new FedAvg(), context, Token);
        WrittenFile expected = await AggregatedParametersFile.WriteAsync(At("expected.mpk"), "researcher_1", inMemory, Token);

        using AggregatedParametersDraft draft = AggregatedParametersDraft.Create(At("result.mpk"), "researcher_1", context.Global);
        AggregationRun.Combine(new FedAvg(), context, new CombinedFile(draft), threads, Token);
        WrittenFile result = await draft.CompleteAsync(Token);

        Assert.Equal((expected.Digest, expected.Length), (result.Digest, result.Length));
        Assert.Equal(await File.ReadAllBytesAsync(expected.Path, Token), await File.ReadAllBytesAsync(result.Path, Token));
        Assert.Equal(2, Directory.GetFiles(_directory).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Combine_RuleThatThrowsInABlock_ThrowsWhatItThrewAndGivesOutNoMoreBlocks(int threads)
    {
        AggregationContext context = Context(1_000_000);
        var rule = new ThrowingRule();

        NotFiniteNumberException thrown = Assert.Throws<NotFiniteNumberException>(
            () => AggregationRun.Combine(rule, context, new CombinedMemory(context.Global), threads, Token));

        Assert.Equal("third block", thrown.Message);
        Assert.InRange(rule.Blocks, 3, 3 + threads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Combine_CancelledBetweenBlocks_Ends(int threads)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        AggregationContext context = Context(1_000_000);

        Assert.ThrowsAny<OperationCanceledException>(
            () => AggregationRun.Combine(new CancellingRule(stop), context, new CombinedMemory(context.Global), threads, stop.Token));
    }

    [Fact(Explicit = true)]
    [Trait("size", "large")]
    public async Task Combine_TensorOfMoreBytesAndElementsThanAnIntCounts_IsCombinedWhole()
    {
        // Needs 7 GB of disk and some minutes: run it alone, with --explicit only.
        const long Elements = int.MaxValue + 3L;
        string[] paths = [At("large_0.mpk"), At("large_1.mpk")];
        for (int i = 0; i < paths.Length; i++)
        {
            using AggregatedParametersDraft update = AggregatedParametersDraft.Create(paths[i], "researcher_1", Large(Elements));
            byte[] block = new byte[1 << 24];
            Array.Fill(block, (byte)(1 + (2 * i)));
            for (long start = 0; start < Elements; start += block.Length)
            {
                update.Write<byte>("t", start, block.AsSpan(0, (int)Math.Min(block.Length, Elements - start)));
            }

            await update.CompleteAsync(Token);
        }

        using ModelParameters one = AggregatedParametersFile.Open(paths[0]);
        using ModelParameters two = AggregatedParametersFile.Open(paths[1]);
        var context = new AggregationContext { Round = 0, Global = one, Updates = [Update(0, one), Update(1, two)] };
        using AggregatedParametersDraft draft = AggregatedParametersDraft.Create(At("large.mpk"), "researcher_1", one);
        AggregationRun.Combine(new FedAvg(), context, new CombinedFile(draft), 2, Token);
        WrittenFile written = await draft.CompleteAsync(Token);

        using ModelParameters result = AggregatedParametersFile.Open(written.Path);
        Assert.Equal(Elements, result["t"].ElementCount);
        Assert.Equal(2, result["t"].AsSpan<byte>(0, 1)[0]);
        Assert.Equal(-1, result["t"].AsSpan<byte>(Elements - 1_000_000, 1_000_000).IndexOfAnyExcept((byte)2));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ModelParameters Large(long elements) => new() { ["t"] = new ParameterTensor(TensorElementType.UInt8, [elements], new NoBytes(elements)) };

    private static AggregationContext Context(int elements)
    {
        ModelParameters[] models = [.. Enumerable.Range(1, 5).Select(i => Model(i, elements))];
        return new AggregationContext { Round = 0, Global = models[0], Updates = [.. models.Select((m, i) => Update(i, m))] };
    }

    private static NodeUpdate Update(int index, ModelParameters model) =>
        new() { NodeId = $"node_{index}", SampleCount = index == 0 ? 1 : (17 * index) - 16, Parameters = model };

    private static ModelParameters Model(int seed, int elements)
    {
        var random = new Random(seed);
        return new ModelParameters
        {
            ["torch"] = Tensor(elements, _ => (random.NextSingle() - 0.5f) * seed, TensorKind.TorchTensor),
            ["numpy"] = Tensor(elements / 3, _ => random.NextDouble() * seed, TensorKind.NumPyArray),
            ["half"] = Tensor(100, _ => (Half)random.NextDouble(), TensorKind.TorchTensor),
            ["empty"] = Tensor(0, _ => 0f, TensorKind.NumPyArray),
            ["counter"] = Tensor(40_000, i => (long)i * seed, TensorKind.TorchTensor),
            ["flag"] = Tensor(3, i => (i + seed) % 2 == 0, TensorKind.TorchTensor),
        };
    }

    private static ParameterTensor Tensor<T>(int count, Func<int, T> value, TensorKind kind)
        where T : unmanaged => ParameterTensor.FromArray([.. Enumerable.Range(0, count).Select(value)]).WithKind(kind);

    private string At(string name) => Path.Combine(_directory, name);

    private sealed class NoBytes(long length) : TensorStorage
    {
        public override long Length => length;

        public override ReadOnlySpan<byte> GetSpan(long offset, int length) => throw new NotSupportedException();

        public override ReadOnlySpan<T> GetSpan<T>(long byteOffset, int count) => throw new NotSupportedException();
    }

    private sealed class ThrowingRule : IAggregator, IRoundAggregation
    {
        private int _blocks;

        public string Name => "Throwing";

        public int Blocks => _blocks;

        public IRoundAggregation BeginRound(AggregationContext context) => this;

        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            if (Interlocked.Increment(ref _blocks) == 3)
            {
                throw new NotFiniteNumberException("third block");
            }
        }
    }

    private sealed class CancellingRule(CancellationTokenSource stop) : IAggregator, IRoundAggregation
    {
        public string Name => "Cancelling";

        public IRoundAggregation BeginRound(AggregationContext context) => this;

        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T> => stop.Cancel();
    }
}

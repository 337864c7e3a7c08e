using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// Walks all floating-point tensors of a round in tiles, in double precision: the tensors in the model's order, each from its first element on. What
/// is summed up over the tiles is summed in the same order every time, and only one tile of each update is in memory.
/// </summary>
internal sealed class FloatingTiles
{
    private const int LargestTile = 4096;
    private const int SmallestTile = 64;

    /// <summary>With thousands of nodes the tiles get smaller, so that all together stay about 8 MiB.</summary>
    private const int TotalElements = 1 << 20;

    private readonly AggregationContext _context;
    private readonly double[] _global;
    private readonly double[][] _updates;

    public FloatingTiles(AggregationContext context)
    {
        _context = context;
        int tile = Math.Clamp(TotalElements / context.Updates.Count, SmallestTile, LargestTile);
        _global = new double[tile];
        _updates = [.. context.Updates.Select(_ => new double[tile])];
    }

    /// <summary>Loads one tile after the other.</summary>
    /// <param name="work">Is told the number of elements in the tile, which are the first ones of each row.</param>
    public void ForEach(Action<int> work)
    {
        foreach ((string name, ParameterTensor tensor) in _context.Global)
        {
            switch (tensor.ElementType)
            {
                case TensorElementType.Float32: Walk<float>(name, tensor, work); break;
                case TensorElementType.Float64: Walk<double>(name, tensor, work); break;
                case TensorElementType.Float16: Walk<Half>(name, tensor, work); break;
            }
        }
    }

    /// <summary>The tile of the global parameters.</summary>
    public ReadOnlySpan<double> Global(int count) => _global.AsSpan(0, count);

    /// <summary>The tile of one update, which the work may overwrite.</summary>
    public Span<double> Update(int index, int count) => _updates[index].AsSpan(0, count);

    /// <summary>
    /// |a - b|^2, the same bits whichever comes first and on every processor: four partial sums whatever the width of its registers, nothing fused.
    /// Infinite where it exceeds the range of a double.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // the first round is as fast as the others
    public static double SquaredDistance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Vector256<double> sums = Vector256<double>.Zero;
        int i = 0;
        for (; i <= a.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            Vector256<double> difference = Vector256.Create(a[i..]) - Vector256.Create(b[i..]);
            sums += difference * difference;
        }

        double sum = Vector256.Sum(sums);
        for (; i < a.Length; i++)
        {
            double difference = a[i] - b[i];
            sum += difference * difference;
        }

        return sum;
    }

    private void Walk<T>(string name, ParameterTensor tensor, Action<int> work)
        where T : unmanaged, INumberBase<T>
    {
        for (long start = 0; start < tensor.ElementCount; start += _global.Length)
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(_global.Length, tensor.ElementCount - start);
            TensorPrimitives.ConvertTruncating<T, double>(tensor.AsSpan<T>(start, count), _global);
            for (int i = 0; i < _updates.Length; i++)
            {
                TensorPrimitives.ConvertTruncating<T, double>(_context.Updates[i].Parameters[name].AsSpan<T>(start, count), _updates[i]);
            }

            work(count);
        }
    }
}

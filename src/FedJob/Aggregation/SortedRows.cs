using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;

namespace FedJob.Aggregation;

/// <summary>
/// Some elements of several updates, sorted for each element: row 0 holds the smallest values, the last row the largest. Sorted by Batcher's merge
/// exchange network (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M): the same comparisons whatever the values, so that whole
/// rows are compared at once.
/// </summary>
internal sealed class SortedRows<T>(int rows) : IDisposable
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Elements of a row: few enough that the rows of a dozen nodes stay in the cache.</summary>
    public const int Width = 1024;

    private readonly T[] _values = ArrayPool<T>.Shared.Rent((rows + 1) * Width);

    public int Count => rows;

    /// <summary>A row, as it was loaded last.</summary>
    public Span<T> this[int row] => _values.AsSpan(row * Width, Width);

    /// <summary>Loads the elements from a place in a block on, and sorts them.</summary>
    /// <param name="block">The block.</param>
    /// <param name="selected">The updates to load, as many as there are rows.</param>
    /// <param name="start">The first element.</param>
    /// <returns>How many elements were loaded: at most <see cref="Width"/>.</returns>
    public int Load(TensorBlock<T> block, IReadOnlyList<int> selected, int start)
    {
        int count = Math.Min(Width, block.Result.Length - start);
        for (int i = 0; i < rows; i++)
        {
            block.GetUpdate(selected[i]).Slice(start, count).CopyTo(this[i]);
        }

        for (int p = 1; p < rows; p *= 2)
        {
            for (int k = p; k >= 1; k /= 2)
            {
                Merge(p, k, count);
            }
        }

        return count;
    }

    public void Dispose() => ArrayPool<T>.Shared.Return(_values);

    private void Merge(int p, int k, int count)
    {
        for (int j = k % p; j < rows - k; j += 2 * k)
        {
            for (int i = j; i < Math.Min(j + k, rows - k); i++)
            {
                if (i / (2 * p) == (i + k) / (2 * p))
                {
                    Exchange(this[i][..count], this[i + k][..count]);
                }
            }
        }
    }

    private void Exchange(Span<T> low, Span<T> high)
    {
        Span<T> smaller = this[rows][..low.Length];
        TensorPrimitives.Min<T>(low, high, smaller);
        TensorPrimitives.Max<T>(low, high, high);
        smaller.CopyTo(low);
    }
}

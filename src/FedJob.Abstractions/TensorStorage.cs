namespace FedJob.Abstractions;

/// <summary>
/// Where the bytes of a tensor lie: managed memory or a mapped file. Lengths are 64-bit, so that a tensor may be larger than one span.
/// </summary>
public abstract class TensorStorage
{
    /// <summary>The number of bytes.</summary>
    public abstract long Length { get; }

    /// <summary>A view of part of the bytes, valid while the owner of the storage is not disposed.</summary>
    /// <param name="offset">Where the view begins, in bytes.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <returns>The bytes, little-endian, row-major.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The view reaches beyond <see cref="Length"/>.</exception>
    /// <exception cref="ObjectDisposedException">The owner of the storage was disposed.</exception>
    public abstract ReadOnlySpan<byte> GetSpan(long offset, int length);

    /// <summary>
    /// A typed view of part of the bytes; unlike <see cref="GetSpan(long, int)"/> it may cover more than <see cref="int.MaxValue"/> bytes.
    /// </summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="byteOffset">Where the view begins, in bytes.</param>
    /// <param name="count">How many elements it has.</param>
    /// <returns>The elements.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The view reaches beyond <see cref="Length"/>.</exception>
    /// <exception cref="ObjectDisposedException">The owner of the storage was disposed.</exception>
    public abstract ReadOnlySpan<T> GetSpan<T>(long byteOffset, int count)
        where T : unmanaged;

    /// <summary>Throws if a view of this size does not lie inside the storage.</summary>
    /// <param name="offset">Where the view begins, in bytes.</param>
    /// <param name="byteCount">How many bytes it has.</param>
    /// <exception cref="ArgumentOutOfRangeException">The view reaches beyond <see cref="Length"/>.</exception>
    protected void ThrowIfOutside(long offset, long byteCount)
    {
        if (offset < 0 || byteCount < 0 || offset > Length - byteCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), offset, $"A view of {byteCount} bytes at {offset} does not lie inside a storage of {Length} bytes.");
        }
    }
}

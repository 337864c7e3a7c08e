using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Bytes; Python's <c>bytes</c>. Read from a file they are a view of it, valid until the file is disposed. Compared by content.
/// </summary>
public sealed record ParameterBytes : ParameterValue
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Makes a value over memory, without copying it: do not write to it afterwards.</summary>
    /// <param name="bytes">The bytes.</param>
    public ParameterBytes(ReadOnlyMemory<byte> bytes)
        : this(new MemoryTensorStorage(bytes))
    {
    }

    internal ParameterBytes(TensorStorage storage) => Storage = storage;

    /// <summary>The number of bytes.</summary>
    public long Length => Storage.Length;

    internal static ParameterBytes Empty { get; } = new(ReadOnlyMemory<byte>.Empty);

    internal TensorStorage Storage { get; }

    internal override string PythonType => "bytes";

    /// <summary>A view of part of the bytes.</summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <returns>The view, valid while the file it was read from is not disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The view reaches beyond <see cref="Length"/>.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<byte> GetSpan(long offset, int length) => Storage.GetSpan(offset, length);

    /// <summary>A copy of the bytes.</summary>
    /// <returns>The copy.</returns>
    /// <exception cref="OverflowException">There are more bytes than an array holds.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public byte[] ToArray() => Storage.GetSpan(0, checked((int)Length)).ToArray();

    /// <summary>Two values are equal when their bytes are.</summary>
    /// <param name="other">The other value.</param>
    /// <returns>Whether they are equal.</returns>
    public bool Equals(ParameterBytes? other)
    {
        if (other is null || other.Length != Length)
        {
            return false;
        }

        for (long offset = 0; offset < Length; offset += BlockBytes)
        {
            int length = (int)Math.Min(BlockBytes, Length - offset);
            if (!Storage.GetSpan(offset, length).SequenceEqual(other.Storage.GetSpan(offset, length)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A hash of the bytes.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode()
    {
        HashCode hash = default;
        for (long offset = 0; offset < Length; offset += BlockBytes)
        {
            hash.AddBytes(Storage.GetSpan(offset, (int)Math.Min(BlockBytes, Length - offset)));
        }

        return hash.ToHashCode();
    }
}

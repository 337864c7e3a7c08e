using System.Buffers;
using System.IO.Hashing;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Collects headers and small values in a buffer and passes large spans straight on; hashes what goes through. Cancellation is looked at
/// before each block.
/// </summary>
/// <param name="stream">Where the bytes go.</param>
/// <param name="cancellationToken">Ends the writing.</param>
/// <param name="withHoles">Whether the bytes of tensors are left out, to be written later: their places are then <see cref="Holes"/>.</param>
internal sealed class ByteSink(Stream stream, CancellationToken cancellationToken, bool withHoles = false) : IBufferWriter<byte>
{
    private const int BufferBytes = 1 << 16;
    private const int BlockBytes = 1 << 22;

    private readonly XxHash128 _hash = new();
    private byte[] _buffer = new byte[BufferBytes];
    private int _used;

    /// <summary>The bytes passed on so far, holes included.</summary>
    public long Length { get; private set; }

    /// <summary>Where the bytes of each tensor begin, in the order of writing; <see langword="null"/> where they are written at once.</summary>
    public List<long>? Holes { get; } = withHoles ? [] : null;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _used);
        _used += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length - _used < Math.Max(sizeHint, 1))
        {
            Flush();
            if (_buffer.Length < sizeHint)
            {
                _buffer = new byte[sizeHint];
            }
        }

        return _buffer.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Passes a tensor's bytes on, after what was collected before them, in blocks and without copying.</summary>
    public void Write(ParameterTensor tensor)
    {
        Flush();
        if (Holes is not null)
        {
            Holes.Add(Length);
            stream.Seek(tensor.ByteCount, SeekOrigin.Current);
            Length += tensor.ByteCount;
            return;
        }

        for (long offset = 0; offset < tensor.ByteCount; offset += BlockBytes)
        {
            PassOn(tensor.GetBytes(offset, (int)Math.Min(BlockBytes, tensor.ByteCount - offset)));
        }
    }

    /// <summary>Passes on what was collected.</summary>
    public void Flush()
    {
        PassOn(_buffer.AsSpan(0, _used));
        _used = 0;
    }

    /// <summary>The digest of all that was passed on.</summary>
    public FileDigest GetDigest() => new(DigestAlgorithm.XxHash128, Convert.ToHexStringLower(_hash.GetCurrentHash()));

    private void PassOn(ReadOnlySpan<byte> block)
    {
        cancellationToken.ThrowIfCancellationRequested();
        stream.Write(block);
        _hash.Append(block);
        Length += block.Length;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>Bytes in managed memory.</summary>
internal sealed class MemoryTensorStorage(ReadOnlyMemory<byte> memory) : TensorStorage
{
    public override long Length => memory.Length;

    public override ReadOnlySpan<byte> GetSpan(long offset, int length)
    {
        ThrowIfOutside(offset, length);
        return memory.Span.Slice((int)offset, length);
    }

    public override ReadOnlySpan<T> GetSpan<T>(long byteOffset, int count)
    {
        ThrowIfOutside(byteOffset, (long)count * Unsafe.SizeOf<T>());
        ReadOnlySpan<byte> bytes = memory.Span[(int)byteOffset..];
        return count == 0 ? [] : MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetReference(bytes)), count);
    }
}

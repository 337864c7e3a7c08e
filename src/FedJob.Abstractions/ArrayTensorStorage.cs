using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FedJob.Abstractions;

/// <summary>The bytes of a tensor held by one managed array, of any element type.</summary>
internal sealed class ArrayTensorStorage<TStored>(ReadOnlyMemory<TStored> memory) : TensorStorage
    where TStored : unmanaged
{
    public override long Length { get; } = (long)memory.Length * Unsafe.SizeOf<TStored>();

    public override ReadOnlySpan<byte> GetSpan(long offset, int length) => GetSpan<byte>(offset, length);

    public override ReadOnlySpan<T> GetSpan<T>(long byteOffset, int count)
    {
        ThrowIfOutside(byteOffset, (long)count * Unsafe.SizeOf<T>());
        if (count == 0)
        {
            return [];
        }

        ref readonly TStored first = ref MemoryMarshal.GetReference(memory.Span);
        ref byte start = ref Unsafe.AddByteOffset(ref Unsafe.As<TStored, byte>(ref Unsafe.AsRef(in first)), (nint)byteOffset);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref start), count);
    }
}

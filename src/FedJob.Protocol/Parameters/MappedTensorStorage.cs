using System.Runtime.CompilerServices;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>Part of a mapped file. Elements need no alignment: the platforms .NET runs on read unaligned numbers.</summary>
internal sealed unsafe class MappedTensorStorage(MappedFile file, long start, long length) : TensorStorage
{
    public override long Length => length;

    public override ReadOnlySpan<byte> GetSpan(long offset, int length) => GetSpan<byte>(offset, length);

    public override ReadOnlySpan<T> GetSpan<T>(long byteOffset, int count)
    {
        ThrowIfOutside(byteOffset, (long)count * Unsafe.SizeOf<T>());
        byte* bytes = file.GetPointer();
        return count == 0 ? [] : new ReadOnlySpan<T>(bytes + start + byteOffset, count);
    }
}

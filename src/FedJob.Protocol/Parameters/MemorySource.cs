using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>A parameter file that lies in managed memory.</summary>
internal sealed class MemorySource(ReadOnlyMemory<byte> bytes) : IStorageSource
{
    public TensorStorage Slice(long offset, long length) => new MemoryTensorStorage(bytes.Slice((int)offset, (int)length));
}

using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>Where a parameter file is read from: it gives views of its bytes.</summary>
internal interface IStorageSource
{
    TensorStorage Slice(long offset, long length);
}

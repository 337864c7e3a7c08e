namespace FedJob.Aggregation;

/// <summary>Where the combined tensors of a round go, block by block, in any order and from several threads.</summary>
internal interface ICombinedTensors
{
    void Write<T>(string name, long start, ReadOnlySpan<T> elements)
        where T : unmanaged;
}

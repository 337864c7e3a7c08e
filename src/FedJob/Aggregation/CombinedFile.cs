using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>Combined tensors that go straight into their parameter file.</summary>
internal sealed class CombinedFile(AggregatedParametersDraft draft) : ICombinedTensors
{
    public void Write<T>(string name, long start, ReadOnlySpan<T> elements)
        where T : unmanaged => draft.Write(name, start, elements);
}

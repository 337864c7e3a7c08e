using System.Collections.Concurrent;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>Combined tensors in managed arrays, for models that fit.</summary>
internal sealed class CombinedMemory(ModelParameters like) : ICombinedTensors
{
    private readonly ConcurrentDictionary<string, ITensorArray> _arrays = new(StringComparer.Ordinal);

    private interface ITensorArray
    {
        ParameterTensor ToTensor(ParameterTensor like);
    }

    public void Write<T>(string name, long start, ReadOnlySpan<T> elements)
        where T : unmanaged =>
        elements.CopyTo(((TensorArray<T>)_arrays.GetOrAdd(name, n => new TensorArray<T>(n, like[n]))).Values.AsSpan(checked((int)start)));

    public ModelParameters ToParameters() => new(like.Select(p => KeyValuePair.Create(
        p.Key, _arrays.TryGetValue(p.Key, out ITensorArray? array) ? array.ToTensor(p.Value) : p.Value)));

    private sealed class TensorArray<T>(string name, ParameterTensor like) : ITensorArray
        where T : unmanaged
    {
        public T[] Values { get; } = like.ElementCount <= Array.MaxLength
            ? new T[like.ElementCount]
            : throw new AggregationException(
                $"Tensor '{name}' has {like.ElementCount} elements; at most {Array.MaxLength} can be combined in memory: combine it into a file.");

        public ParameterTensor ToTensor(ParameterTensor original) => ParameterTensor.FromMemory<T>(Values, original.Shape, original.Kind);
    }
}

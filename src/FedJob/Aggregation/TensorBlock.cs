using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>The same run of elements of one tensor in the global parameters, in every update, and in the result.</summary>
/// <typeparam name="T">The element type.</typeparam>
public readonly ref struct TensorBlock<T>
    where T : unmanaged
{
    private readonly ParameterTensor _global;
    private readonly IReadOnlyList<NodeUpdate> _updates;
    private readonly long _start;

    internal TensorBlock(string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates, long start, Span<T> result)
    {
        (Name, _global, _updates, _start) = (name, global, updates, start);
        Result = result;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The kind of the tensor on the wire.</summary>
    public TensorKind Kind => _global.Kind;

    /// <summary>The index of the block's first element in the tensor, in row-major order: where a rule's own memory of the tensor begins.</summary>
    public long Start => _start;

    /// <summary>The number of updates.</summary>
    public int UpdateCount => _updates.Count;

    /// <summary>The elements of the global parameters the round started from.</summary>
    public ReadOnlySpan<T> Global => _global.AsSpan<T>(_start, Result.Length);

    /// <summary>Where the combined elements go; zeros at first.</summary>
    public Span<T> Result { get; }

    /// <summary>The elements of one update.</summary>
    /// <param name="index">The update, in the order of <see cref="AggregationContext.Updates"/>.</param>
    /// <returns>As many elements as <see cref="Result"/> has.</returns>
    public ReadOnlySpan<T> GetUpdate(int index) => _updates[index].Parameters[Name].AsSpan<T>(_start, Result.Length);
}

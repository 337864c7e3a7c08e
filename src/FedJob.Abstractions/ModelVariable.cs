using System.Numerics;

namespace FedJob.Abstractions;

/// <summary>One parameter of a model that learns by gradients: its values and their gradient.</summary>
/// <typeparam name="T">The element type: <see cref="Half"/>, <see cref="float"/> or <see cref="double"/>.</typeparam>
public sealed class ModelVariable<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly T[] _values;
    private readonly T[] _gradient;
    private readonly long[] _shape;

    /// <summary>Makes a parameter with a copy of its first values.</summary>
    /// <param name="name">Its name, not empty.</param>
    /// <param name="values">The first values in row-major order.</param>
    /// <param name="shape">The length of each dimension; none given means one dimension with all values.</param>
    /// <exception cref="ArgumentException">The name is empty, or the shape does not match the number of values.</exception>
    public ModelVariable(string name, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        _shape = shape.IsEmpty ? [values.Length] : shape.ToArray();
        _values = values.ToArray();
        _gradient = new T[values.Length];
        _ = ToTensor();
    }

    /// <summary>Its name among the model's parameters.</summary>
    public string Name { get; }

    /// <summary>The current values in row-major order.</summary>
    public Span<T> Values => _values;

    /// <summary>The gradient of the loss at these values; zeros when a step begins.</summary>
    public Span<T> Gradient => _gradient;

    /// <summary>A copy of the values as a tensor.</summary>
    internal ParameterTensor ToTensor() => ParameterTensor.FromMemory<T>(_values.AsSpan().ToArray(), _shape);

    internal void Take(ParameterTensor tensor) => tensor.AsSpan<T>().CopyTo(_values);
}

using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace FedJob.Abstractions;

/// <summary>
/// The parameters of a model: an ordered map from name to <see cref="ParameterTensor"/>. The order is kept on the wire. Parameters read
/// from a file are views of the mapped file and end with <see cref="Dispose"/>; parameters made in memory need no disposal.
/// </summary>
/// <example><code>
/// var parameters = new ModelParameters
/// {
///     ["weight"] = ParameterTensor.FromArray(new float[12], 3, 4),
///     ["bias"] = ParameterTensor.FromArray(new float[3]),
/// };
/// </code></example>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "The field says model parameters.")]
public sealed class ModelParameters : IReadOnlyCollection<KeyValuePair<string, ParameterTensor>>, IDisposable
{
    private readonly OrderedDictionary<string, ParameterTensor> _tensors = new(StringComparer.Ordinal);
    private readonly IDisposable? _owner;

    /// <summary>Makes an empty set to be filled with the indexer.</summary>
    public ModelParameters()
    {
    }

    /// <summary>Makes a set from tensors in order.</summary>
    /// <param name="tensors">Name and tensor of each parameter.</param>
    /// <param name="owner">What holds the tensors' bytes, disposed together with this set; <see langword="null"/> for managed
    /// memory.</param>
    /// <exception cref="ArgumentException">A name is empty or stands twice.</exception>
    public ModelParameters(IEnumerable<KeyValuePair<string, ParameterTensor>> tensors, IDisposable? owner = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        foreach ((string name, ParameterTensor tensor) in tensors)
        {
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(tensors));
            ArgumentNullException.ThrowIfNull(tensor, nameof(tensors));
            _tensors.Add(name, tensor);
        }

        _owner = owner;
    }

    /// <summary>The number of tensors.</summary>
    public int Count => _tensors.Count;

    /// <summary>The names in order.</summary>
    public IReadOnlyList<string> Names => _tensors.Keys;

    /// <summary>The number of bytes of all tensors.</summary>
    public long ByteCount => _tensors.Values.Sum(t => t.ByteCount);

    /// <summary>A tensor by name; setting a new name appends it, setting a known one keeps its place.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="KeyNotFoundException">There is no tensor of this name.</exception>
    public ParameterTensor this[string name]
    {
        get => _tensors.TryGetValue(name, out ParameterTensor? tensor)
            ? tensor
            : throw new KeyNotFoundException($"There is no parameter '{name}'; there are: {string.Join(", ", _tensors.Keys)}.");
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(name);
            ArgumentNullException.ThrowIfNull(value);
            _tensors[name] = value;
        }
    }

    /// <summary>Looks a tensor up.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="tensor">The tensor, if there is one.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue(string name, [MaybeNullWhen(false)] out ParameterTensor tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>
    /// Compares names, element types and shapes (not values, not kinds) and tells the first difference.
    /// </summary>
    /// <param name="expected">What this set should look like.</param>
    /// <returns><see langword="null"/> if they agree, else one sentence that names the tensor, what was expected and what came.</returns>
    public string? DescribeDifference(ModelParameters expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        foreach ((string name, ParameterTensor tensor) in expected)
        {
            if (!_tensors.TryGetValue(name, out ParameterTensor? mine))
            {
                return $"tensor '{name}' is missing; expected {tensor}";
            }

            if (mine.ElementType != tensor.ElementType || !mine.Shape.SequenceEqual(tensor.Shape))
            {
                return $"tensor '{name}': expected {tensor}, got {mine}";
            }
        }

        string? extra = _tensors.Keys.FirstOrDefault(name => !expected._tensors.ContainsKey(name));
        return extra is null
            ? null
            : $"tensor '{extra}' ({_tensors[extra]}) is not part of the model; expected only {string.Join(", ", expected.Names)}";
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, ParameterTensor>> GetEnumerator() => _tensors.GetEnumerator();

    /// <summary>
    /// Releases the mapped file below the tensors, if any; their spans must not be used afterwards. May be called more than once.
    /// </summary>
    public void Dispose() => _owner?.Dispose();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// declearn's <c>Vector</c>: named tensors of one kind, in which optimizer auxiliary variables travel;
/// <c>{"__type__": "Vector", "value": {...}}</c> in the file.
/// </summary>
public sealed record ParameterVector : ParameterValue
{
    /// <summary>Makes a vector.</summary>
    /// <param name="coefficients">Name and tensor of each coefficient, at least one; each value a <see cref="ParameterTensorValue"/> of the
    /// same kind.</param>
    /// <exception cref="ArgumentException">There is no coefficient, one is no tensor, or their kinds differ.</exception>
    public ParameterVector(ParameterMap coefficients)
    {
        ArgumentNullException.ThrowIfNull(coefficients);
        if (DescribeFault(coefficients) is { } fault)
        {
            throw new ArgumentException("A Vector " + fault, nameof(coefficients));
        }

        Coefficients = coefficients;
    }

    /// <summary>Name and tensor of each coefficient, in order.</summary>
    public ParameterMap Coefficients { get; }

    internal override string PythonType => "Vector";

    /// <summary>Makes a vector from parameters.</summary>
    /// <param name="coefficients">Name and tensor of each coefficient, at least one, all of one kind; they stay the caller's to
    /// dispose.</param>
    /// <returns>The vector.</returns>
    /// <exception cref="ArgumentException">There is no coefficient, or their kinds differ.</exception>
    public static ParameterVector From(IEnumerable<KeyValuePair<string, ParameterTensor>> coefficients)
    {
        ArgumentNullException.ThrowIfNull(coefficients);
        return new ParameterVector(ParameterMap.Create(
            coefficients.Select(c => KeyValuePair.Create<string, ParameterValue>(c.Key, new ParameterTensorValue(c.Value)))));
    }

    /// <summary>
    /// What is wrong with the coefficients, or <see langword="null"/>: declearn chooses the Vector's class by their only type.
    /// </summary>
    internal static string? DescribeFault(ParameterMap coefficients)
    {
        if (coefficients.Count == 0)
        {
            return "needs at least one coefficient, there is none.";
        }

        TensorKind? kind = null;
        foreach ((ParameterValue key, ParameterValue value) in coefficients.Entries)
        {
            if (value is not ParameterTensorValue { Tensor: { } tensor })
            {
                return $"holds only tensors; coefficient {MapPath.Format(key)} is a {value.PythonType}.";
            }

            if ((kind ??= tensor.Kind) != tensor.Kind)
            {
                return $"holds tensors of one kind; coefficient {MapPath.Format(key)} is a {value.PythonType}, those before are not.";
            }
        }

        return null;
    }
}

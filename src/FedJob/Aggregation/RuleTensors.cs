using System.Numerics;
using System.Numerics.Tensors;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>
/// What a rule remembers of each floating-point tensor of the model, in the tensor's own precision, or wide: float16, whose range is too small for squares,
/// as float32. A round writes a new set, each block by one thread, and
/// leaves the one before as it was, so that a round that fails can be taken back.
/// </summary>
internal sealed class RuleTensors
{
    private readonly string _rule;
    private readonly Dictionary<string, (Array Values, ParameterTensor Tensor)> _tensors = new(StringComparer.Ordinal);

    private RuleTensors(string rule) => _rule = rule;

    /// <summary>The set as parameters: views in the order and as the kinds of the model.</summary>
    public ModelParameters Parameters => new(_tensors.Select(t => KeyValuePair.Create(t.Key, t.Value.Tensor)));

    /// <summary>Zeros for a model's floating-point tensors.</summary>
    public static RuleTensors Like(string rule, ModelParameters model, bool wide = false)
    {
        var zeros = new RuleTensors(rule);
        foreach ((string name, ParameterTensor tensor) in model)
        {
            switch (tensor.ElementType)
            {
                case TensorElementType.Float64:
                    zeros.Add(name, new double[LengthOf(rule, name, tensor)], tensor);
                    break;
                case TensorElementType.Float32:
                case TensorElementType.Float16 when wide:
                    zeros.Add(name, new float[LengthOf(rule, name, tensor)], tensor);
                    break;
                case TensorElementType.Float16:
                    zeros.Add(name, new Half[LengthOf(rule, name, tensor)], tensor);
                    break;
            }
        }

        return zeros;
    }

    /// <summary>The difference of two sets of the same model, in the tensors' own precision.</summary>
    public RuleTensors Minus(RuleTensors other)
    {
        var difference = new RuleTensors(_rule);
        foreach ((string name, (Array values, ParameterTensor tensor)) in _tensors)
        {
            switch (values)
            {
                case double[] doubles:
                    difference.Add(name, Minus(doubles, (double[])other._tensors[name].Values), tensor);
                    break;
                case float[] floats:
                    difference.Add(name, Minus(floats, (float[])other._tensors[name].Values), tensor);
                    break;
                case Half[] halves:
                    difference.Add(name, Minus(halves, (Half[])other._tensors[name].Values), tensor);
                    break;
            }
        }

        return difference;
    }

    /// <summary>A set as <see cref="ToMap"/> gave it; copied.</summary>
    public static RuleTensors From(string rule, ParameterValue? saved)
    {
        var read = new RuleTensors(rule);
        foreach ((ParameterValue key, ParameterValue value) in (saved as ParameterMap ?? throw NoStateOf(rule)).Entries)
        {
            (string name, ParameterTensor tensor) = key is ParameterText text && value is ParameterTensorValue tensorValue
                ? (text.Value, tensorValue.Tensor)
                : throw NoStateOf(rule);
            switch (tensor.ElementType)
            {
                case TensorElementType.Float64:
                    read.Add(name, tensor.AsSpan<double>().ToArray(), tensor);
                    break;
                case TensorElementType.Float32:
                    read.Add(name, tensor.AsSpan<float>().ToArray(), tensor);
                    break;
                case TensorElementType.Float16:
                    read.Add(name, tensor.AsSpan<Half>().ToArray(), tensor);
                    break;
                default:
                    throw NoStateOf(rule);
            }
        }

        return read;
    }

    public static AggregationException NoStateOf(string rule) =>
        new($"This is no state of {rule}: other entries, or other values. Give the rule the state it saved, or an empty one to begin anew.");

    /// <summary>What is checkpointed: views of this set.</summary>
    public ParameterMap ToMap() => ParameterMap.Create(
        _tensors.Select(t => KeyValuePair.Create<string, ParameterValue>(t.Key, new ParameterTensorValue(t.Value.Tensor))));

    /// <summary>Refuses the set of another model.</summary>
    public void CheckFits(ModelParameters model, bool wide = false)
    {
        var floats = new ModelParameters(model.Where(t => t.Value.ElementType.IsFloatingPoint()));
        string? difference = Parameters.DescribeDifference(floats);
        if (wide && floats.Any(t => t.Value.ElementType == TensorElementType.Float16))
        {
            difference = _tensors.Count == floats.Count && floats.All(t => _tensors.TryGetValue(t.Key, out (Array, ParameterTensor Tensor) mine)
                && mine.Tensor.Shape.SequenceEqual(t.Value.Shape)) ? null : "it has other tensors";
        }

        if (difference is not null)
        {
            throw new AggregationException(
                $"{_rule} remembers another model: {difference}. Give each job a rule of its own, and on resuming the rule the state of this job.");
        }
    }

    /// <summary>The elements of one block in the model's precision, to read or, in the round that made the set, to write.</summary>
    public Span<T> Block<T>(string name, long start, int count)
        where T : unmanaged => ((T[])_tensors[name].Values).AsSpan(checked((int)start), count);

    /// <summary>Reads a run of elements in double precision.</summary>
    public void Read(string name, long start, Span<double> values)
    {
        if (_tensors[name].Values is double[] doubles)
        {
            doubles.AsSpan(checked((int)start), values.Length).CopyTo(values);
        }
        else
        {
            TensorPrimitives.ConvertChecked<float, double>(Block<float>(name, start, values.Length), values);
        }
    }

    /// <summary>Writes a run of elements, rounded to the precision of the set; what is not finite then is refused.</summary>
    public void Write(string name, long start, ReadOnlySpan<double> values)
    {
        if (_tensors[name].Values is double[] doubles)
        {
            values.CopyTo(doubles.AsSpan(checked((int)start), values.Length));
            FiniteResult.Check<double>(_rule, name, start, values);
        }
        else
        {
            Span<float> block = Block<float>(name, start, values.Length);
            TensorPrimitives.ConvertChecked(values, block);
            FiniteResult.Check<float>(_rule, name, start, block);
        }
    }

    private void Add<T>(string name, T[] values, ParameterTensor like)
        where T : unmanaged => _tensors.Add(name, (values, ParameterTensor.FromMemory<T>(values, like.Shape, like.Kind)));

    private static T[] Minus<T>(T[] one, T[] two)
        where T : unmanaged, INumberBase<T>
    {
        var difference = new T[one.Length];
        TensorPrimitives.Subtract<T>(one, two, difference);
        return difference;
    }

    private static long LengthOf(string rule, string name, ParameterTensor tensor) => tensor.ElementCount <= Array.MaxLength
        ? tensor.ElementCount
        : throw new AggregationException(
            $"{rule} remembers a value for every parameter, and tensor '{name}' has {tensor.ElementCount}; at most {Array.MaxLength} are possible: split the tensor.");
}

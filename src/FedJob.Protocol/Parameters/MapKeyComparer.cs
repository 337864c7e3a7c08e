using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Compares map keys as Python does: numbers by value whatever their type, tuples item by item, everything else as it is. Hashes are mixed
/// with the process's own seed, so that a peer cannot choose keys that all fall into one bucket.
/// </summary>
internal sealed class MapKeyComparer : IEqualityComparer<ParameterValue>
{
    public static readonly MapKeyComparer Instance = new();

    /// <summary>Whether Python can hash the value; a torch.Tensor it hashes by identity.</summary>
    public static bool CanBeKey(ParameterValue value) => value switch
    {
        ParameterList or ParameterMap or ParameterVector => false,
        ParameterTensorValue tensor => tensor.Tensor.Kind == TensorKind.TorchTensor,
        ParameterTuple tuple => Array.TrueForAll(tuple.Array, CanBeKey),
        _ => true,
    };

    public bool Equals(ParameterValue? x, ParameterValue? y)
    {
        if (ReferenceEquals(x, y))
        {
            return true;
        }

        return (x, y) switch
        {
            (null, _) or (_, null) => false,
            (ParameterText a, ParameterText b) => a.Value == b.Value,
            (ParameterTuple a, ParameterTuple b) => a.Array.AsSpan().SequenceEqual(b.Array, this),
            _ when Number.TryFrom(x, out Number a) => Number.TryFrom(y, out Number b) && a.Equals(b),
            _ => x.Equals(y),
        };
    }

    public int GetHashCode(ParameterValue obj)
    {
        switch (obj)
        {
            case ParameterText text:
                return text.Value.GetHashCode(StringComparison.Ordinal);
            case ParameterTuple tuple:
                HashCode hash = default;
                foreach (ParameterValue item in tuple.Array)
                {
                    hash.Add(item, this);
                }

                return hash.ToHashCode();
            default:
                return Number.TryFrom(obj, out Number number) ? number.GetHashCode() : obj.GetHashCode();
        }
    }

    /// <summary>A number without its type: a whole one, or what is none.</summary>
    private readonly record struct Number(BigInteger Whole, double Rest)
    {
        public static bool TryFrom(ParameterValue value, out Number number)
        {
            ParameterValue? plain = value is ParameterScalar scalar ? scalar.ToPlainNumber() : value;
            Number? found = plain switch
            {
                ParameterBoolean b => new Number(b.Value ? 1 : 0, 0),
                ParameterInteger i => new Number(i.Value, 0),
                ParameterBigInteger i => new Number(i.Value, 0),
                ParameterFloat f when double.IsInteger(f.Value) => new Number(new BigInteger(f.Value), 0),
                ParameterFloat f => new Number(0, f.Value),
                _ => null,
            };
            number = found.GetValueOrDefault();
            return found is not null;
        }

        public override int GetHashCode()
        {
            long bits = BitConverter.DoubleToInt64Bits(Rest);
            return HashCode.Combine(Whole.GetHashCode(), (int)bits, (int)(bits >> 32));
        }
    }
}

using System.Numerics;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// A whole number beyond <see cref="ParameterInteger"/>, e.g. a ciphertext of secure aggregation. Python's <c>int</c>; from 2^64 on it is
/// <c>{"__type__": "int", "value": bytes}</c> in the file, which has no form for numbers below -2^63.
/// </summary>
public sealed record ParameterBigInteger : ParameterValue
{
    /// <summary>The longest number that is read or written, in bytes: 1 MiB.</summary>
    public const int MaximumBytes = 1 << 20;

    /// <summary>Makes a value; <see cref="ParameterInteger.From(BigInteger)"/> chooses the right type by itself.</summary>
    /// <param name="value">A number above <see cref="long.MaxValue"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The number fits into a <see cref="ParameterInteger"/>, or it is below <see cref="long.MinValue"/>, or longer than
    /// <see cref="MaximumBytes"/>.
    /// </exception>
    public ParameterBigInteger(BigInteger value)
    {
        if (value <= long.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(value),
                value < long.MinValue
                    ? "The format has no form for whole numbers below -2^63."
                    : $"{value} fits into 64 bits with a sign: use ParameterInteger.");
        }

        if (value.GetByteCount(isUnsigned: true) > MaximumBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(value), $"The number has more than {MaximumBytes} bytes.");
        }

        Value = value;
    }

    /// <summary>The number, above <see cref="long.MaxValue"/>.</summary>
    public BigInteger Value { get; }

    internal override string PythonType => "int";
}

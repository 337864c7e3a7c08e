using System.Numerics;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// A whole number that fits into 64 bits with a sign; a larger one is a <see cref="ParameterBigInteger"/>. Python's <c>int</c>.
/// </summary>
/// <param name="Value">The value.</param>
public sealed record ParameterInteger(long Value) : ParameterValue
{
    // A list of small numbers, one byte each in the file, must not cost an object for each.
    private const int FirstShared = -128;
    private const int LastShared = 255;

    private static readonly ParameterInteger[] Shared =
        [.. Enumerable.Range(FirstShared, LastShared - FirstShared + 1).Select(n => new ParameterInteger(n))];

    internal override string PythonType => "int";

    /// <summary>
    /// A whole number of any size as a value: a <see cref="ParameterInteger"/> where it fits, else a <see cref="ParameterBigInteger"/>.
    /// </summary>
    /// <param name="value">The number.</param>
    /// <returns>The value.</returns>
    public static ParameterValue From(BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue ? From((long)value) : new ParameterBigInteger(value);

    internal static bool IsShared(long value) => value is >= FirstShared and <= LastShared;

    internal static ParameterInteger From(long value) => IsShared(value) ? Shared[(int)value - FirstShared] : new ParameterInteger(value);
}

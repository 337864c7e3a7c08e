using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>A whole number, written without a point: Python takes 2.0 for a float and refuses it.</summary>
internal sealed class WholeNumberType<T>(T minimum, T maximum) : WireType<T>
    where T : struct, IBinaryInteger<T>
{
    public override string Accepted { get; } =
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}, written without a point");

    public override T Read(JsonElement json, Findings findings) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out long number)
            && number >= long.CreateTruncating(minimum) && number <= long.CreateTruncating(maximum)
            ? T.CreateTruncating(number)
            : Refuse(json, findings);

    public override void Check(T value, Findings findings)
    {
        if (value < minimum || value > maximum)
        {
            findings.Refuse(Accepted, value.ToString(null, CultureInfo.InvariantCulture));
        }
    }

    public override void Write(Utf8JsonWriter writer, T value) => writer.WriteNumberValue(long.CreateTruncating(value));
}

/// <summary>
/// A finite number, always written with a point (or an exponent): Python takes 1 for an int and refuses it where it wants a float.
/// </summary>
internal sealed class FloatType : WireType<double>
{
    /// <summary>The least value.</summary>
    public double Minimum { get; init; } = double.MinValue;

    /// <summary>The greatest value.</summary>
    public double Maximum { get; init; } = double.MaxValue;

    /// <summary>Whether 0 is out although it is the least value.</summary>
    public bool AboveMinimum { get; init; }

    /// <summary>Whether a number that arrives must be written as a float. Nodes demand it; what nodes send is read without it.</summary>
    public bool NeedsPoint { get; init; }

    /// <summary>Whether the value must stay out of sentences, which end in logs.</summary>
    public bool Secret { get; init; }

    public override string Accepted
    {
        get
        {
            string form = NeedsPoint ? "a finite number written with a point (1.0, not 1)" : "a finite number";
            string from = Minimum == double.MinValue ? "" : (AboveMinimum ? ", above " : ", at least ") + PythonFloat.Format(Minimum);
            return form + from + (Maximum == double.MaxValue ? "" : ", at most " + PythonFloat.Format(Maximum));
        }
    }

    public override double Read(JsonElement json, Findings findings)
    {
        if (json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out double value) && Fits(value)
            && (!NeedsPoint || JsonMarshal.GetRawUtf8Value(json).IndexOfAny(".eE"u8) >= 0))
        {
            return value;
        }

        findings.Refuse(Accepted, Secret ? "a value that is not shown" : Shown.Of(json));
        return 0;
    }

    public override void Check(double value, Findings findings)
    {
        if (!Fits(value))
        {
            findings.Refuse(Accepted, Secret ? "a value that is not shown" : value.ToString(CultureInfo.InvariantCulture));
        }
    }

    public override void Write(Utf8JsonWriter writer, double value) => writer.WriteRawValue(PythonFloat.Format(value));

    private bool Fits(double value) =>
        double.IsFinite(value) && value <= Maximum && (AboveMinimum ? value > Minimum : value >= Minimum);
}

/// <summary>true or false.</summary>
internal sealed class BooleanType : WireType<bool>
{
    public override string Accepted => "true or false";

    public override bool Read(JsonElement json, Findings findings) =>
        json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : Refuse(json, findings);

    public override void Check(bool value, Findings findings)
    {
    }

    public override void Write(Utf8JsonWriter writer, bool value) => writer.WriteBooleanValue(value);
}

using System.Globalization;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// Writes floating-point numbers as Python's own JSON does: the fewest digits that read back to the same number, always with a point, an
/// exponent only below 0.0001 and from 1e16 on. So a number that a Python peer wrote is written again with the same characters.
/// </summary>
internal static class PythonFloat
{
    private const int LeastFixedExponent = -4;
    private const int LeastLargeExponent = 16;

    public static string Format(double value) => Arrange(value.ToString("R", CultureInfo.InvariantCulture));

    public static string Format(float value) => Arrange(value.ToString("R", CultureInfo.InvariantCulture));

    public static string Format(Half value) => Arrange(value.ToString("R", CultureInfo.InvariantCulture));

    public static string Format(decimal value)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text : text + ".0";
    }

    /// <summary>Takes a finite number's round-trip form apart into digits and exponent, and puts them together as Python does.</summary>
    private static string Arrange(string roundTrip)
    {
        string sign = roundTrip[0] == '-' ? "-" : "";
        string[] parts = roundTrip[sign.Length..].Split('E');
        int exponent = parts.Length > 1 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        int point = parts[0].IndexOf('.', StringComparison.Ordinal);
        string all = parts[0].Replace(".", "", StringComparison.Ordinal);
        string digits = all.TrimStart('0');
        exponent += (point < 0 ? all.Length : point) - (all.Length - digits.Length) - 1; // now of the first digit that is not 0
        digits = digits.TrimEnd('0');
        return sign + (digits.Length == 0 ? "0.0"
            : exponent is >= LeastFixedExponent and < LeastLargeExponent ? Fixed(digits, exponent + 1) : Scientific(digits, exponent));
    }

    private static string Fixed(string digits, int point) =>
        point <= 0 ? "0." + new string('0', -point) + digits
        : point >= digits.Length ? digits + new string('0', point - digits.Length) + ".0"
        : digits[..point] + "." + digits[point..];

    private static string Scientific(string digits, int exponent) => string.Create(
        CultureInfo.InvariantCulture,
        $"{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
}

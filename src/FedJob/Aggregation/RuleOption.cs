using System.Globalization;
using System.Runtime.CompilerServices;

namespace FedJob.Aggregation;

/// <summary>Checks the options of rules where they are set, and names the bound that is broken.</summary>
internal static class RuleOption
{
    public static T Required<T>(T value, [CallerMemberName] string name = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }

    public static double Positive(double value, [CallerMemberName] string name = "") =>
        double.IsFinite(value) && value > 0 ? value : throw Broken(name, value, "a finite number above 0");

    public static double NotNegative(double value, [CallerMemberName] string name = "") =>
        double.IsFinite(value) && value >= 0 ? value : throw Broken(name, value, "a finite number of at least 0");

    /// <summary>A coefficient of decay: 0 forgets at once, 1 would never learn.</summary>
    public static double Decay(double value, [CallerMemberName] string name = "") =>
        value is >= 0 and < 1 ? value : throw Broken(name, value, "at least 0 and below 1");

    private static ArgumentOutOfRangeException Broken(string name, double value, string bound) =>
        new(name, value, string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be {bound}."));
}

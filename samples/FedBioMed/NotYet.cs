using System.Globalization;

namespace FedBioMed;

/// <summary>
/// Options whose machinery comes with later versions: read and checked, then refused in one clear sentence. Each goes from here to
/// <see cref="Arguments"/> when what it needs is there; the rule of aggregation plugs in at <see cref="ResearcherRun"/>.
/// </summary>
internal static class NotYet
{
    public static void Check(CommandLine line)
    {
        string aggregator = line.Take("--aggregator", (_, name) => name) ?? "fedavg";
        if (aggregator == "scaffold")
        {
            throw new UsageException("--aggregator scaffold is not yet in this version; use fedavg");
        }

        if (aggregator != "fedavg")
        {
            throw new UsageException($"--aggregator is '{aggregator}'; expected fedavg (scaffold is not yet in this version)");
        }

        if (line.Take("--server-lr", (_, text) => text) is { } rate)
        {
            throw new UsageException(
                double.TryParse(rate, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) && number > 0
                    ? "--server-lr belongs to --aggregator scaffold, which is not yet in this version"
                    : $"--server-lr is '{rate}'; expected a number above 0 (and scaffold, which it belongs to, is not yet in this version)");
        }
    }
}

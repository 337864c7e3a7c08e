using System.Globalization;
using System.Text.Json;
using FedJob.Rounds;

namespace FedJob.Benchmarks.Rounds;

/// <summary>What was measured.</summary>
internal sealed record Report(Options Options, int Nodes, IReadOnlyList<RoundTimings> Timings, long PeakWorkingSet)
{
    private IEnumerable<(string Phase, TimeSpan[] Times)> Phases =>
    [
        ("send", [.. Timings.Select(t => t.Send)]),
        ("collect", [.. Timings.Select(t => t.Collect)]),
        ("aggregate", [.. Timings.Select(t => t.Aggregate)]),
        ("upload", [.. Timings.Select(t => t.Upload)]),
        ("total", [.. Timings.Select(t => t.Total)]),
    ];

    public void Print(TextWriter writer)
    {
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Nodes} instant nodes x {Options.Size} bytes over {Options.Broker} and {Options.Repository}, {Timings.Count} rounds"));
        writer.WriteLine("phase        median ms      90 % ms      most ms");
        foreach ((string phase, TimeSpan[] times) in Phases)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{phase,-10} {Quantile(times, 0.5),11:0.00} {Quantile(times, 0.9),12:0.00} {Quantile(times, 1),12:0.00}"));
        }

        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak resident memory {PeakWorkingSet / 1e6:0} MB"));
    }

    public void PrintJson(TextWriter writer) => writer.WriteLine(JsonSerializer.Serialize(new
    {
        nodes = Nodes,
        size = Options.Size,
        broker = Options.Broker,
        repository = Options.Repository,
        rounds = Timings.Count,
        milliseconds = Phases.ToDictionary(
            p => p.Phase, p => new { median = Quantile(p.Times, 0.5), p90 = Quantile(p.Times, 0.9), max = Quantile(p.Times, 1) }, StringComparer.Ordinal),
        peakWorkingSet = PeakWorkingSet,
    }));

    private static double Quantile(TimeSpan[] times, double share)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return Math.Round(sorted[(int)Math.Round(share * (sorted.Length - 1))].TotalMilliseconds, 3);
    }
}

using System.Globalization;
using System.Text.Json;

namespace FedJob.Benchmarks.Rounds;

/// <summary>What was measured.</summary>
internal sealed record Report(Options Options, int Nodes, IReadOnlyList<RoundSample> Rounds, Limits Limits, long PeakAnonymous, long PeakMapped)
{
    private IEnumerable<(string Phase, double[] Times)> Phases =>
    [
        ("send", Milliseconds(r => r.Send)),
        ("wait", Milliseconds(r => r.Wait)),
        ("download", Milliseconds(r => r.Download)),
        ("aggregate", Milliseconds(r => r.Aggregate)),
        ("upload", Milliseconds(r => r.Upload)),
        ("commit", Milliseconds(r => r.Commit)),
        ("total", Milliseconds(r => r.Total)),
        ("(downloads)", Milliseconds(r => r.DownloadOfAll)),
        ("(checks)", Milliseconds(r => r.Check)),
        ("(floor)", [.. Rounds.Select(r => Limits.Floor(r) * 1000)]),
        ("(overhead)", [.. Rounds.Select(r => r.Total.TotalMilliseconds - (Limits.Floor(r) * 1000))]),
    ];

    private double Ratio => Quantile([.. Rounds.Select(r => r.Total.TotalSeconds / Limits.Floor(r))], 0.5);

    public void Print(TextWriter writer)
    {
        void Line(FormattableString text) => writer.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        Line($"{Nodes} instant nodes x {Options.Size} bytes over {Options.Broker} and {Options.Repository}, {Rounds.Count} rounds");
        Line($"phase         median ms      90 % ms      most ms");
        foreach ((string phase, double[] times) in Phases)
        {
            Line($"{phase,-11} {Quantile(times, 0.5),11:0.00} {Quantile(times, 0.9),12:0.00} {Quantile(times, 1),12:0.00}");
        }

        Line($"(downloads) and (checks) are sums over the nodes, and overlap; (floor) is what moving and adding the bytes takes at the limits");
        Line($"total / floor {Ratio:0.00}");
        Line($"a round moves {Rounds[^1].BytesDown / 1e6:0.0} MB down and {Rounds[^1].BytesUp / 1e6:0.0} MB up");
        Line($"limits: GET {Limits.Get / 1e9:0.00} GB/s, POST {Limits.Post / 1e9:0.00} GB/s, copy (read + written) {Limits.Copy / 1e9:0.00} GB/s, file {Limits.FileWrite / 1e9:0.00} GB/s");
        Line($"peak resident memory {PeakAnonymous / 1e6:0} MB beyond mapped files, {PeakMapped / 1e6:0} MB of mapped files");
        Line($"resident beyond mapped files after the first measured round {Rounds[0].Anonymous / 1e6:0} MB, after the last {Rounds[^1].Anonymous / 1e6:0} MB");
    }

    public void PrintJson(TextWriter writer) => writer.WriteLine(JsonSerializer.Serialize(new
    {
        nodes = Nodes,
        size = Options.Size,
        broker = Options.Broker,
        repository = Options.Repository,
        rounds = Rounds.Count,
        milliseconds = Phases.ToDictionary(
            p => p.Phase.Trim('(', ')'), p => new { median = Quantile(p.Times, 0.5), p90 = Quantile(p.Times, 0.9), max = Quantile(p.Times, 1) }, StringComparer.Ordinal),
        ratioToFloor = Ratio,
        bytesDown = Rounds[^1].BytesDown,
        bytesUp = Rounds[^1].BytesUp,
        limits = new { get = Limits.Get, post = Limits.Post, copy = Limits.Copy, fileWrite = Limits.FileWrite },
        peakAnonymous = PeakAnonymous,
        peakMapped = PeakMapped,
        anonymousAfterFirst = Rounds[0].Anonymous,
        anonymousAfterLast = Rounds[^1].Anonymous,
        anonymousAfterEach = Rounds.Select(r => r.Anonymous),
    }));

    private static double Quantile(double[] values, double share)
    {
        double[] sorted = [.. values.Order()];
        return Math.Round(sorted[(int)Math.Round(share * (sorted.Length - 1))], 3);
    }

    private double[] Milliseconds(Func<RoundSample, TimeSpan> time) => [.. Rounds.Select(r => time(r).TotalMilliseconds)];
}

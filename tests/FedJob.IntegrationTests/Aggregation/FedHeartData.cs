using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace FedJob.IntegrationTests.Aggregation;

/// <summary>
/// The heart patients of four hospitals and the published runs on them, in the directory that FEDJOB_FED_HEART names, else <c>../shared/data/fed-heart</c> seen
/// from the repository's root. They are no part of the project.
/// </summary>
internal sealed class FedHeartData
{
    private readonly ILookup<(string Centre, string Set), (double[] X, int Y)> _rows;

    private FedHeartData(string directory)
    {
        string[] lines = File.ReadAllLines(Path.Combine(directory, "fed_heart.csv"));
        string[] names = lines[0].Split(',');
        int first = Array.IndexOf(names, "age"), last = Array.IndexOf(names, "restecg_2"), target = Array.IndexOf(names, "target");
        string[][] cells = [.. lines.Skip(1).Where(l => l.Length > 0).Select(l => l.Split(','))];
        Centres = [.. cells.Select(c => c[0]).Distinct()];
        _rows = cells.ToLookup(
            c => (c[0], c[Array.IndexOf(names, "set")]),
            c => (c[first..(last + 1)].Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray(), int.Parse(c[target], CultureInfo.InvariantCulture)));
    }

    public static string Directory { get; } = Environment.GetEnvironmentVariable("FEDJOB_FED_HEART") is { Length: > 0 } given
        ? Path.GetFullPath(given)
        : Path.GetFullPath(Path.Combine(Root(), "..", "shared", "data", "fed-heart"));

    /// <summary>The traces by seed; none where the directory is absent.</summary>
    public static IEnumerable<string> Traces => System.IO.Directory.Exists(Directory)
        ? System.IO.Directory.EnumerateFiles(Directory, "seed*.json.gz").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)
        : [];

    /// <summary>In the order of the traces.</summary>
    public IReadOnlyList<string> Centres { get; }

    public static FedHeartData Load() => new(Directory);

    public static JsonElement Trace(string file)
    {
        using FileStream packed = File.OpenRead(Path.Combine(Directory, file));
        using var plain = new GZipStream(packed, CompressionMode.Decompress);
        using JsonDocument document = JsonDocument.Parse(plain);
        return document.RootElement.Clone();
    }

    /// <summary>A centre's rows to train on, scaled by themselves.</summary>
    public (double[] X, int Y)[] Training(string centre) => Scaled(_rows[(centre, "train")], [.. _rows[(centre, "train")]]);

    /// <summary>The five sets the accuracies were published for: each centre's, scaled by its rows to train on, and all of them, scaled by all those.</summary>
    public IEnumerable<(double[] X, int Y)[]> Tests =>
    [
        .. Centres.Select(c => Scaled(_rows[(c, "test")], [.. _rows[(c, "train")]])),
        Scaled(Centres.SelectMany(c => _rows[(c, "test")]), [.. Centres.SelectMany(c => _rows[(c, "train")])]),
    ];

    private static (double[] X, int Y)[] Scaled(IEnumerable<(double[] X, int Y)> rows, (double[] X, int Y)[] by)
    {
        int features = by[0].X.Length;
        double[] means = [.. Enumerable.Range(0, features).Select(f => by.Average(r => r.X[f]))];
        double[] deviations = [.. means.Select((mean, f) => Math.Sqrt(by.Sum(r => (r.X[f] - mean) * (r.X[f] - mean)) / (by.Length - 1)) + 1e-9)];
        return [.. rows.Select(r => (r.X.Select((x, f) => (x - means[f]) / deviations[f]).ToArray(), r.Y))];
    }

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FedJob.sln")))
            {
                return folder.FullName;
            }
        }

        return AppContext.BaseDirectory;
    }
}

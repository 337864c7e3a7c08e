using FedJob.Abstractions;
using FedJob.Node.Datasets;

namespace QuickStart;

/// <summary>Palmer penguins by island, and a common held-out test set of all islands.</summary>
internal sealed record PenguinData(IReadOnlyDictionary<string, TabularDataset> Islands, TabularDataset Pooled, TabularDataset Test)
{
    /// <summary>Reads the file and holds out the same share of each island's species, chosen by a seed.</summary>
    public static async Task<PenguinData> LoadAsync(string path, double testShare, int seed, CancellationToken cancellationToken)
    {
        NodeDataset file = await NodeDataset.FromCsvAsync(path, "penguins", ["penguins"], cancellationToken: cancellationToken);
        var table = (TabularDataset)file.Data;
        var random = new Random(seed);
        List<int> test = [], train = [];
        foreach (IGrouping<string, int> group in Enumerable.Range(0, table.SampleCount)
            .GroupBy(row => $"{table["island"].GetText(row)}/{table["species"].GetText(row)}").OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            int[] rows = [.. group];
            random.Shuffle(rows);
            int held = (int)Math.Round(rows.Length * testShare, MidpointRounding.AwayFromZero);
            test.AddRange(rows[..held]);
            train.AddRange(rows[held..]);
        }

        train.Sort();
        test.Sort();
        return new PenguinData(
            train.GroupBy(row => table["island"].GetText(row)).OrderBy(g => g.Key, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => table.Select(g.Key, [.. g])),
            table.Select("pooled", train),
            table.Select("test", test));
    }
}

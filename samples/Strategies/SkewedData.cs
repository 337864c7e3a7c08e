using FedJob.Abstractions;
using FedJob.Node.Datasets;

namespace Strategies;

/// <summary>
/// Palmer penguins, dealt to the nodes so that each knows one or two species: sorted by species, cut into two shards a node, and each node gets two of them (the split of
/// McMahan et al. 2017).
/// </summary>
internal sealed record SkewedData(IReadOnlyList<TabularDataset> Shares, TabularDataset Test)
{
    private static readonly IReadOnlyDictionary<string, double> Typical = new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["bill_length_mm"] = 44,
        ["bill_depth_mm"] = 17,
        ["flipper_length_mm"] = 200,
        ["body_mass_g"] = 4200,
    };

    public static async Task<SkewedData> LoadAsync(string path, int nodes, double testShare, int seed, CancellationToken cancellationToken)
    {
        NodeDataset file = await NodeDataset.FromCsvAsync(path, "penguins", ["penguins"], cancellationToken: cancellationToken);
        var table = (TabularDataset)file.Data;
        var random = new Random(seed);
        int[] rows = [.. Enumerable.Range(0, table.SampleCount)];
        random.Shuffle(rows);
        int held = (int)(rows.Length * testShare);
        int[] train = [.. rows[held..].OrderBy(row => table["species"].GetText(row), StringComparer.Ordinal)];

        int[] shards = [.. Enumerable.Range(0, 2 * nodes)];
        random.Shuffle(shards);
        IEnumerable<int> Shard(int shard) => train[(shard * train.Length / shards.Length)..((shard + 1) * train.Length / shards.Length)];
        return new SkewedData(
            [.. Enumerable.Range(0, nodes).Select(n => table.Select($"share {n}", [.. Shard(shards[2 * n]), .. Shard(shards[(2 * n) + 1])]))],
            table.Select("test", rows[..held]));
    }

    /// <summary>
    /// What the hostile node trains on: every measurement on the other side of its typical value, and far away. The plan and the node are the same as elsewhere; the update it
    /// sends points the other way and is a hundred times as large.
    /// </summary>
    public static TabularDataset Poison(TabularDataset data, double blow) => new(
        $"{data.Name}, poisoned",
        [
            .. data.Columns.Select(column => Typical.TryGetValue(column.Name, out double typical)
                ? DatasetColumn.FromNumbers(column.Name, [.. column.Numbers.ToArray().Select(value => typical + (blow * (value - typical)))])
                : column),
        ]);

    /// <summary>How many penguins of each species each node holds.</summary>
    public string Describe() => string.Join("; ", Shares.Select(share => string.Join(" ", Enumerable.Range(0, share.SampleCount)
        .Select(share["species"].GetText).GroupBy(s => s, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}"))));
}

using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Node.Datasets;

/// <summary>A dataset of a node, with the id researchers name it by.</summary>
public sealed record RegisteredDataset
{
    /// <summary>The id: <c>dataset_</c> and a GUID, the same after a restart of the node.</summary>
    public required string Id { get; init; }

    /// <summary>The data with its tags and description.</summary>
    public required NodeDataset Dataset { get; init; }

    /// <summary>How a list reply describes it.</summary>
    /// <returns>The entry, without column types.</returns>
    internal DatasetEntry ToListEntry() => new()
    {
        DatasetId = Id,
        Name = Dataset.Data.Name,
        DataType = DataType,
        Tags = Dataset.Tags,
        Description = Dataset.Description,
        Shape = Dataset.Data is TabularDataset table ? [table.SampleCount, table.Columns.Count] : [Dataset.Data.SampleCount],
    };

    /// <summary>
    /// How a search reply describes it: a numeric column is <c>float64</c>, a text column <c>object</c>, as pandas names them.
    /// </summary>
    /// <returns>The entry, with column types.</returns>
    internal DatasetEntry ToSearchEntry() => ToListEntry() with
    {
        ColumnTypes = Dataset.Data is TabularDataset table ? [.. table.Columns.Select(c => c.IsNumeric ? "float64" : "object")] : [],
    };

    internal string DataType => Dataset.DataType ?? (Dataset.Data is TabularDataset ? "csv" : "file");
}

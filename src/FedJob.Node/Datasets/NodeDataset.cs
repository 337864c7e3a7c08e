using FedJob.Abstractions;

namespace FedJob.Node.Datasets;

/// <summary>Data a node's owner offers for training, before the node has given it an id.</summary>
/// <example><code>var dataset = new NodeDataset { Data = table, Tags = ["penguins", "biscoe"], Description = "Palmer penguins of Biscoe"
/// };</code></example>
public sealed record NodeDataset
{
    /// <summary>The data; its name must be unique at the node, for the dataset's id is kept under it.</summary>
    public required LocalDataset Data { get; init; }

    /// <summary>
    /// The tags a researcher finds it by: 1 to 32, each 1 to 128 characters, all different. A search matches when it names a subset.
    /// </summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>What the owner says about the data; researchers read it. At most 4,096 characters. Default: empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>What kind of data a search reply says this is. Default: <c>csv</c> for a table, <c>file</c> for anything else.</summary>
    public string? DataType { get; init; }

    /// <summary>The file the data was read from; it never leaves the node. Default: none.</summary>
    public string? SourcePath { get; init; }

    /// <summary>Reads a CSV file (RFC 4180, UTF-8, with a header line) into a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the owner calls the data.</param>
    /// <param name="tags">The tags a researcher finds it by.</param>
    /// <param name="description">What the owner says about it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The dataset. A column in which every present value is a number is numeric; a missing value is NaN there, empty in a text
    /// column.</returns>
    /// <exception cref="FedJobException">The file cannot be read or is no CSV (<see cref="FedJobErrorCode.DatasetInvalid"/>); the message
    /// names file and line.</exception>
    public static async Task<NodeDataset> FromCsvAsync(
        string path, string name, IEnumerable<string> tags, string description = "", CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(tags);
        ArgumentNullException.ThrowIfNull(description);
        string fullPath = Path.GetFullPath(path);
        TabularDataset table = await CsvTable.ReadAsync(fullPath, name, cancellationToken).ConfigureAwait(false);
        return new NodeDataset { Data = table, Tags = [.. tags], Description = description, SourcePath = fullPath };
    }
}

namespace FedJob.Node.Datasets;

/// <summary>What a state directory remembers of a dataset that was registered there, in this run of the node or an earlier one.</summary>
public sealed record KnownDataset
{
    /// <summary>The id it has and will have again.</summary>
    public required string Id { get; init; }

    /// <summary>Its name, by which it is recognised.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of data it is, e.g. <c>csv</c>.</summary>
    public required string DataType { get; init; }

    /// <summary>Its tags.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>What its owner says about it.</summary>
    public required string Description { get; init; }

    /// <summary>Samples, and columns where it is a table.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>The file it was read from, if it was. Default: none.</summary>
    public string? SourcePath { get; init; }
}

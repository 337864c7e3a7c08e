namespace FedJob.Node.Datasets;

/// <summary>A CSV file that a node registers when it starts; an entry of <see cref="FederatedNodeOptions.Datasets"/>.</summary>
public sealed class CsvDatasetOptions
{
    /// <summary>The file: RFC 4180, UTF-8, with a header line. Required.</summary>
    public string? Path { get; set; }

    /// <summary>What the owner calls the data; unique at the node. Default: the file's name without its ending.</summary>
    public string? Name { get; set; }

    /// <summary>The tags a researcher finds it by; at least 1.</summary>
    public IList<string> Tags { get; } = [];

    /// <summary>What the owner says about it. Default: empty.</summary>
    public string Description { get; set; } = "";
}

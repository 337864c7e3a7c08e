using System.Text.Json.Nodes;

namespace FedJob.Protocol.Messages;

/// <summary>A dataset as a node describes it; an entry of <c>databases</c>.</summary>
public sealed record DatasetEntry
{
    /// <summary>The dataset; <c>dataset_id</c>.</summary>
    public required string DatasetId { get; init; }

    /// <summary>What the node's owner calls it; <c>name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The kind of data, e.g. <c>csv</c>; <c>data_type</c>.</summary>
    public required string DataType { get; init; }

    /// <summary>Its tags; <c>tags</c>.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>What its owner says about it; <c>description</c>.</summary>
    public required string Description { get; init; }

    /// <summary>Rows and columns; <c>shape</c>. Null where the node gives something else than a list of whole numbers.</summary>
    public IReadOnlyList<long>? Shape { get; init; }

    /// <summary>What the node gives for <c>shape</c> where it is no list of whole numbers: for medical folders an object.</summary>
    public JsonNode? OtherShape { get; init; }

    /// <summary>The type of each column; <c>dtypes</c>, only in search replies.</summary>
    public IReadOnlyList<string>? ColumnTypes { get; init; }

    /// <summary>Further parameters of the dataset; <c>dataset_parameters</c>.</summary>
    public JsonNode? Parameters { get; init; }

    /// <summary>Further fields of the description, e.g. <c>dlp_id</c>; null without any.</summary>
    public JsonObject? OtherFields { get; init; }
}

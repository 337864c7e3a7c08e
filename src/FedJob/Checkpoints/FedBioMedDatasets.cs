using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Checkpoints;

/// <summary>Reads the datasets of a breakpoint.</summary>
internal static class FedBioMedDatasets
{
    private static readonly HashSet<string> Known = new(
        ["dataset_id", "name", "data_type", "tags", "description", "shape", "dtypes", "dataset_parameters"], StringComparer.Ordinal);

    public static FederatedDataset Read(FedBioMedJson field)
    {
        KeyValuePair<string, DatasetEntry>[] entries = [.. field.Members().Select(m => KeyValuePair.Create(NodeId(m.Name, m.Value), Entry(m.Value)))];
        return entries.Length > 0 ? new FederatedDataset(entries) : throw field.Wrong("an object with at least one node");
    }

    /// <summary>The name of a field, where it is a node.</summary>
    public static string NodeId(string name, FedBioMedJson value) => Identifier.IsValid(name)
        ? name
        : throw value.Wrong($"named by the id of its node, 1 to {Identifier.MaximumLength} of A-Z a-z 0-9 _ . -");

    private static DatasetEntry Entry(FedBioMedJson entry)
    {
        FedBioMedJson? shape = entry.Optional("shape");
        long[]? sizes = shape is { } value ? Sizes(value) : null;
        return new DatasetEntry
        {
            DatasetId = entry.Field("dataset_id").Id(),
            Name = entry.Field("name").Text(),
            DataType = entry.Field("data_type").Text(),
            Tags = [.. entry.Field("tags").Items().Select(t => t.Text())],
            Description = entry.Field("description").Text(),
            Shape = sizes,
            OtherShape = sizes is null ? shape?.ToJsonNode() : null,
            ColumnTypes = entry.Optional("dtypes") is { } types ? [.. types.Items().Select(t => t.Text())] : null,
            Parameters = entry.Optional("dataset_parameters")?.ToJsonNode(),
            OtherFields = Others(entry),
        };
    }

    /// <summary>The sizes, where the shape is a list of whole numbers; for some kinds of data it is an object.</summary>
    private static long[]? Sizes(FedBioMedJson shape) =>
        shape.IsArray && shape.Items().All(i => i.Element.ValueKind == JsonValueKind.Number && i.Element.TryGetInt64(out long size) && size >= 0)
            ? [.. shape.Items().Select(i => i.Element.GetInt64())]
            : null;

    private static JsonObject? Others(FedBioMedJson entry)
    {
        JsonObject others = [];
        foreach ((string name, FedBioMedJson value) in entry.Members().Where(m => !Known.Contains(m.Name)))
        {
            others.Add(name, value.ToJsonNode());
        }

        return others.Count > 0 ? others : null;
    }
}

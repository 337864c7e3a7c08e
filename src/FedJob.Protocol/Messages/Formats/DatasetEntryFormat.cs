using System.Text.Json;
using System.Text.Json.Nodes;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of a dataset's description. What a node adds (the id of a data loading plan) is kept.</summary>
internal static class DatasetEntryFormat
{
    public static readonly RecordFormat<DatasetEntry> Format = new(f =>
    {
        var name = f.Field("name", WireTypes.Text, d => d.Name);
        var dataType = f.Field("data_type", WireTypes.Text, d => d.DataType);
        var tags = f.Field("tags", WireTypes.Texts, d => d.Tags);
        var description = f.Field("description", WireTypes.Text, d => d.Description);
        var shape = f.OptionalField("shape", new ShapeType(), d => new Shape(d.Shape, d.OtherShape), default);
        var id = f.Field("dataset_id", WireTypes.Id, d => d.DatasetId);
        var columnTypes = f.FieldOrAbsent("dtypes", WireTypes.Texts, d => d.ColumnTypes);
        var parameters = f.OptionalField("dataset_parameters", new FreeJsonType(), d => d.Parameters, null);
        f.KeepOthers(d => d.OtherFields);
        return v => new DatasetEntry
        {
            DatasetId = id[v],
            Name = name[v],
            DataType = dataType[v],
            Tags = tags[v],
            Description = description[v],
            Shape = shape[v].Sizes,
            OtherShape = shape[v].Other,
            ColumnTypes = columnTypes[v],
            Parameters = parameters[v],
            OtherFields = v.Others,
        };
    });

    private readonly record struct Shape(IReadOnlyList<long>? Sizes, JsonNode? Other);

    /// <summary>A list of sizes; for some kinds of data a node sends an object, or null.</summary>
    private sealed class ShapeType : WireType<Shape>
    {
        private static readonly ListType<long> Sizes = new(new WholeNumberType<long>(0, long.MaxValue));
        private static readonly FreeJsonType Other = new();

        public override string Accepted => "an array of whole numbers, or any JSON";

        public override Shape Read(JsonElement json, Findings findings)
        {
            var ignored = new Findings();
            IReadOnlyList<long> sizes = Sizes.Read(json, ignored);
            return ignored.Any ? new Shape(null, Other.Read(json, findings)) : new Shape(sizes, null);
        }

        public override void Check(Shape value, Findings findings)
        {
            if (value is { Sizes: not null, Other: not null })
            {
                findings.Break("Shape and OtherShape are both set; one of them must be null.");
            }
            else if (value.Sizes is { } sizes)
            {
                Sizes.Check(sizes, findings);
            }
            else
            {
                Other.Check(value.Other, findings);
            }
        }

        public override void Write(Utf8JsonWriter writer, Shape value)
        {
            if (value.Sizes is { } sizes)
            {
                Sizes.Write(writer, sizes);
            }
            else
            {
                Other.Write(writer, value.Other);
            }
        }
    }
}

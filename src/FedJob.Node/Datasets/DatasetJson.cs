using System.Text.Json;
using System.Text.Json.Serialization;

namespace FedJob.Node.Datasets;

/// <summary>The JSON of known datasets; the serializer is generated, so that a plan's types never enter a shared cache.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(List<KnownDataset>))]
internal sealed partial class DatasetJson : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;

namespace FedJob.Node.State;

/// <summary>The JSON of kept replies; the serializer is generated, so that a plan's types never enter a shared cache.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(KeptReply))]
internal sealed partial class StateJson : JsonSerializerContext;

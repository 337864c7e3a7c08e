using System.Text.Json;
using System.Text.Json.Serialization;

namespace FedJob.Node.Approval;

/// <summary>The JSON of approvals; the serializer is generated, so that a plan's types never enter a shared cache.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PlanApproval))]
internal sealed partial class ApprovalJson : JsonSerializerContext;

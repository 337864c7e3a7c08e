using System.Text.Json.Serialization;

namespace FedJob.Checkpoints;

/// <summary>How the JSON of a checkpoint is written and read: unknown and missing fields, fields that stand twice and nulls are refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 600)]
[JsonSerializable(typeof(StateDocument))]
[JsonSerializable(typeof(RoundDocument))]
[JsonSerializable(typeof(VerdictDocument))]
[JsonSerializable(typeof(MetricDocument))]
internal sealed partial class CheckpointJson : JsonSerializerContext;

/// <summary>How the manifest is written and read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true,
    NewLine = "\n",
    MaxDepth = 8)]
[JsonSerializable(typeof(CheckpointManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;

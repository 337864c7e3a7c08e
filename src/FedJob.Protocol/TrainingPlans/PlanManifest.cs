using System.Text.Json;
using System.Text.Json.Serialization;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>The small entry of a bundle that says which of its assemblies is the plan's own.</summary>
internal sealed record PlanManifest
{
    /// <summary>The version of the bundle's form that this FedJob writes and reads.</summary>
    public const int CurrentVersion = 1;

    private const int MaximumBytes = 4096;

    /// <summary>The version of the bundle's form.</summary>
    [JsonRequired]
    [JsonPropertyName("version")]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The simple name of the plan's own assembly.</summary>
    [JsonPropertyName("assembly")]
    public required string Assembly { get; init; }

    /// <summary>Writes the entry.</summary>
    /// <returns>The entry.</returns>
    public PlanArchiveEntry ToEntry() =>
        new(PlanFileNames.Manifest, JsonSerializer.SerializeToUtf8Bytes(this, PlanManifestJson.Default.PlanManifest));

    /// <summary>Reads the entry of a bundle that arrived.</summary>
    /// <param name="content">The bytes of the entry.</param>
    /// <returns>The manifest, or <see langword="null"/> if it is none.</returns>
    public static PlanManifest? TryRead(ReadOnlySpan<byte> content)
    {
        if (content.Length > MaximumBytes)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(content, PlanManifestJson.Default.PlanManifest);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(PlanManifest))]
internal sealed partial class PlanManifestJson : JsonSerializerContext;

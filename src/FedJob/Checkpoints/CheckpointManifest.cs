using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FedJob.Abstractions;

namespace FedJob.Checkpoints;

/// <summary>
/// <c>checkpoint.json</c>: what a checkpoint is of, and every file with its length and SHA-256. Its last field is the SHA-256 of all bytes before the comma
/// that precedes it; format, version and that field keep their places in every later version.
/// </summary>
internal sealed record CheckpointManifest
{
    public const string FormatName = "fedjob-checkpoint";
    public const int CurrentVersion = 1;

    /// <summary>100,000 files' worth.</summary>
    public const int MaximumBytes = 32 << 20;

    private const string SealStart = ",\n  \"sha256\": \"";
    private const string SealEnd = "\"\n}\n";
    private const string End = "\n}";

    public required string Format { get; init; }

    public required int Version { get; init; }

    /// <summary>When it was saved; for people.</summary>
    public required DateTimeOffset SavedAt { get; init; }

    public required string JobId { get; init; }

    public required int Round { get; init; }

    public required string TrainingPlanClass { get; init; }

    public required IReadOnlyList<CheckpointFile> Files { get; init; }

    /// <summary>The bytes of the file, seal included.</summary>
    public byte[] Write()
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.CheckpointManifest);
        ReadOnlySpan<byte> head = json.AsSpan(0, json.Length - End.Length);
        return [.. head, .. Encoding.ASCII.GetBytes(SealStart + Convert.ToHexStringLower(SHA256.HashData(head)) + SealEnd)];
    }

    /// <summary>Reads the file; everything about it is checked but the files it names.</summary>
    public static CheckpointManifest Read(string directory, ReadOnlyMemory<byte> bytes)
    {
        int sealBytes = SealStart.Length + 64 + SealEnd.Length;
        ReadOnlyMemory<byte> head = bytes[..Math.Max(0, bytes.Length - sealBytes)];
        byte[] seal = Encoding.ASCII.GetBytes(SealStart + Convert.ToHexStringLower(SHA256.HashData(head.Span)) + SealEnd);
        if (!bytes[head.Length..].Span.SequenceEqual(seal))
        {
            throw Invalid(directory, "is cut or was edited: its checksum at the end does not fit its content");
        }

        try
        {
            byte[] json = [.. head.Span, .. "\n}"u8];
            CheckVersion(directory, json);
            CheckpointManifest manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.CheckpointManifest)!;
            return Flaw(manifest) is { } flaw ? throw Invalid(directory, flaw) : manifest;
        }
        catch (JsonException malformed)
        {
            throw Invalid(directory, $"is not as version {CurrentVersion} is written: {malformed.Message}", malformed);
        }
    }

    private static void CheckVersion(string directory, byte[] json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("format", out JsonElement format)
            || format.ValueKind != JsonValueKind.String
            || format.GetString() != FormatName
            || !document.RootElement.TryGetProperty("version", out JsonElement version)
            || version.ValueKind != JsonValueKind.Number
            || !version.TryGetInt32(out int number))
        {
            throw Invalid(directory, $"does not begin with format '{FormatName}' and a version");
        }

        if (number != CurrentVersion)
        {
            throw new CheckpointException(
                FedJobErrorCode.CheckpointVersionUnknown,
                directory,
                number > CurrentVersion
                    ? $"The checkpoint '{directory}' is of version {number}; this FedJob reads version {CurrentVersion}. Resume it with the newer FedJob that wrote it."
                    : $"The checkpoint '{directory}' says version {number}; versions begin with 1. It was not written by FedJob.");
        }
    }

    private static string? Flaw(CheckpointManifest manifest)
    {
        if (manifest.Files.FirstOrDefault(f => f is null || !CheckpointFileNames.IsKnown(f.Name)) is { } stranger)
        {
            string name = stranger.Name.Length > 100 ? stranger.Name[..100] + "..." : stranger.Name;
            return $"names the file '{name}', which no checkpoint of version {CurrentVersion} has";
        }

        return manifest.Files.Contains(null!) ? "names no file where one must be"
            : manifest.Files.DistinctBy(f => f.Name, StringComparer.Ordinal).Count() != manifest.Files.Count ? "names a file twice"
            : manifest.Files.Any(f => f.Length < 0) ? "gives a file a negative length"
            : null;
    }

    private static CheckpointException Invalid(string directory, string how, Exception? cause = null) => new(
        FedJobErrorCode.CheckpointInvalid, directory, $"'{CheckpointFileNames.Manifest}' of the checkpoint '{directory}' {how}. Resume from another checkpoint of the job.", cause);
}

/// <summary>A file of a checkpoint.</summary>
internal sealed record CheckpointFile(string Name, long Length, string Sha256);

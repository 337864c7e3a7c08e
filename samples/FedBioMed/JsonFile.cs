using System.Text.Json;

namespace FedBioMed;

/// <summary>JSON files named on the command line.</summary>
internal static class JsonFile
{
    private const int MaximumBytes = 16 * 1024 * 1024;

    /// <summary>Reads a file that must hold one JSON object, without a name that stands twice.</summary>
    /// <exception cref="UsageException">It cannot be read or is something else.</exception>
    public static JsonDocument ReadObject(string option, string path)
    {
        byte[] bytes = Read(option, path);
        ReadOnlyMemory<byte> text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
        try
        {
            JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document
                : throw new UsageException($"{option} {path} holds a JSON {document.RootElement.ValueKind}; expected an object, {{\"name\": value, ...}}");
        }
        catch (JsonException wrong)
        {
            throw new UsageException($"{option} {path} is no valid JSON: {wrong.Message.TrimEnd('.')}");
        }
    }

    private static byte[] Read(string option, string path)
    {
        InputFiles.CheckReadable(option, path);
        try
        {
            return new FileInfo(path).Length <= MaximumBytes
                ? File.ReadAllBytes(path)
                : throw new UsageException($"{option} {path} is larger than {MaximumBytes} bytes; expected a small JSON object");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option} {path} cannot be read: {failure.Message}");
        }
    }
}

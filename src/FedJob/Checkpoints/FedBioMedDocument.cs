using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using FedJob.Abstractions;

namespace FedJob.Checkpoints;

/// <summary>The JSON file of a breakpoint, checked so far that every value in it can be looked at without a surprise.</summary>
internal sealed class FedBioMedDocument : IDisposable
{
    /// <summary>The most bytes of a breakpoint's JSON: a thousand rounds of two hundred nodes stay below.</summary>
    public const long MaximumBytes = 256 * 1024 * 1024;

    /// <summary>The deepest nesting of objects and arrays.</summary>
    public const int MaximumDepth = 64;

    private readonly JsonDocument _document;

    private FedBioMedDocument(string file, JsonDocument document)
    {
        _document = document;
        Root = new FedBioMedJson(file, string.Empty, document.RootElement);
    }

    public FedBioMedJson Root { get; }

    public static FedBioMedDocument Open(string file)
    {
        var info = new FileInfo(file);
        if (info.Length is 0 or > MaximumBytes)
        {
            throw Invalid(file, $"it has {info.Length} bytes; expected 1 to {MaximumBytes}", null);
        }

        byte[] bytes = File.ReadAllBytes(file);
        if (!Utf8.IsValid(bytes))
        {
            throw Invalid(file, "it is no UTF-8 text", null);
        }

        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaximumDepth, AllowDuplicateProperties = false });
            CheckTexts(document.RootElement);
            return new FedBioMedDocument(file, document);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // JsonException: no JSON, too deep, or a name twice. InvalidOperationException: a text with half of a surrogate pair.
            document?.Dispose();
            throw Invalid(file, failure.Message, failure);
        }
    }

    public void Dispose() => _document.Dispose();

    /// <summary>Looks at every text with escapes once: what they stand for may be no Unicode.</summary>
    private static void CheckTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    CheckTexts(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    CheckTexts(item);
                }

                break;
            case JsonValueKind.String when JsonMarshal.GetRawUtf8Value(element).Contains((byte)'\\'):
                _ = element.GetString();
                break;
        }
    }

    private static CheckpointException Invalid(string file, string why, Exception? cause) => new(
        FedJobErrorCode.CheckpointInvalid,
        Path.GetDirectoryName(file)!,
        $"The breakpoint '{file}' cannot be read as JSON: {why}. It may have been cut short while it was written: take another round's.",
        cause);
}

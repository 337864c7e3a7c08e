using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Protocol.Messages.Formats;

namespace FedJob.Protocol.Messages;

/// <summary>
/// Training arguments as the JSON object of the wire, with Fed-BioMed's seventeen names: in train requests, in files of arguments and in
/// checkpoints. The rules between arguments are <see cref="TrainingArgs.Validate"/>'s.
/// </summary>
public static class TrainingArgsJson
{
    private const string Subject = "training_args";

    /// <summary>Writes all seventeen arguments, defaults included.</summary>
    /// <param name="args">The arguments.</param>
    /// <returns>The JSON in UTF-8.</returns>
    /// <exception cref="MessageFormatException">An argument has no form that nodes accept, e.g. a NaN.</exception>
    public static byte[] Write(TrainingArgs args)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, args);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes all seventeen arguments, defaults included, as the next value.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="args">The arguments.</param>
    /// <exception cref="MessageFormatException">An argument has no form that nodes accept, e.g. a NaN.</exception>
    public static void Write(Utf8JsonWriter writer, TrainingArgs args)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(args);
        var findings = new Findings();
        TrainingArgsFormat.Format.Check(args, findings);
        Finish(findings);
        TrainingArgsFormat.Format.Write(writer, args);
    }

    /// <summary>Reads arguments. A missing one has its default; an unknown one is refused, as nodes do.</summary>
    /// <param name="json">The JSON in UTF-8, with or without a byte order mark.</param>
    /// <returns>The arguments.</returns>
    /// <exception cref="MessageFormatException">It is no JSON, or an argument is unknown or has a form that nodes refuse; the text
    /// names it and the accepted form.</exception>
    public static TrainingArgs Read(ReadOnlyMemory<byte> json)
    {
        ReadOnlyMemory<byte> text = json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json;
        Scan(text.Span);
        using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MessageLimits.MaximumDepth });
        return ReadScanned(document.RootElement);
    }

    /// <summary>Reads arguments. A missing one has its default; an unknown one is refused, as nodes do.</summary>
    /// <param name="json">The JSON object.</param>
    /// <returns>The arguments.</returns>
    /// <exception cref="MessageFormatException">An argument is unknown or has a form that nodes refuse; the text names it and the
    /// accepted form.</exception>
    public static TrainingArgs Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Undefined)
        {
            Scan(JsonMarshal.GetRawUtf8Value(json));
        }

        return ReadScanned(json);
    }

    private static void Scan(ReadOnlySpan<byte> utf8)
    {
        var findings = new Findings();
        JsonScan.Check(utf8, findings);
        Finish(findings);
    }

    private static TrainingArgs ReadScanned(JsonElement json)
    {
        var findings = new Findings();
        TrainingArgs args = TrainingArgsFormat.Format.Read(json, findings);
        Finish(findings);
        return args;
    }

    private static void Finish(Findings findings)
    {
        if (findings.Any)
        {
            throw new MessageFormatException(findings.Describe(Subject)) { Field = findings.Path.Length > 0 ? findings.Path : null };
        }
    }
}

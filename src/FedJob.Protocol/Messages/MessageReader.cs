using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FedJob.Protocol.Messages.Formats;

namespace FedJob.Protocol.Messages;

/// <summary>
/// Reads messages that arrive: tolerant in the order of fields, strict in their content. Nothing that arrives makes it throw: deeper or
/// larger than <see cref="MessageLimits"/>, a field twice, a NaN are refused like any other wrong value. A field that no message of the
/// kind has is refused in a request, as Fed-BioMed nodes do, and passed over in what a node says, which may be newer. How many bytes may
/// arrive is limited by the link.
/// </summary>
public static class MessageReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MessageLimits.MaximumDepth };
    private static readonly ConstantType Version = new(Envelope.ProtocolVersion);

    /// <summary>Reads what a node says.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="message">The message, if it is one; it keeps no reference to the bytes.</param>
    /// <param name="rejection">Why it is none: one sentence that names the field, what was expected and what came.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryReadFromNode(
        ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out NodeMessage? message, [NotNullWhen(false)] out string? rejection) =>
        TryRead(payload, MessageFormats.NodeMessages, out message, out rejection);

    /// <summary>
    /// Reads who sent a message that <see cref="TryReadFromNode"/> refuses, so that what waits for it need not wait for ever.
    /// </summary>
    /// <param name="payload">The bytes.</param>
    /// <returns>The sender; <see langword="null"/> where the bytes are no JSON object of a known kind with sound ids.</returns>
    public static ReplySender? FindSender(ReadOnlyMemory<byte> payload)
    {
        var findings = new Findings();
        ReadOnlyMemory<byte> json = PythonNumbers.Blank(WithoutMark(payload));
        JsonScan.Check(json.Span, findings);
        if (findings.Any)
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(json, Options);
        return FindFormat(document.RootElement, MessageFormats.NodeMessages, findings) is { } format
            && FindId(document.RootElement, "researcher_id") is { } researcherId
            && FindId(document.RootElement, "node_id") is { } nodeId
            ? new ReplySender(format.Command, researcherId, nodeId)
            : null;
    }

    /// <summary>Reads what a researcher asks.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="message">The message, if it is one; it keeps no reference to the bytes.</param>
    /// <param name="rejection">Why it is none: one sentence that names the field, what was expected and what came.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryReadFromResearcher(
        ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out ResearcherRequest? message, [NotNullWhen(false)] out string? rejection) =>
        TryRead(payload, MessageFormats.Requests, out message, out rejection);

    private static bool TryRead<T>(
        ReadOnlyMemory<byte> payload,
        FrozenDictionary<string, MessageFormat> formats,
        [NotNullWhen(true)] out T? message,
        [NotNullWhen(false)] out string? rejection)
        where T : ProtocolMessage
    {
        var findings = new Findings();
        string subject = "message";
        message = null;
        ReadOnlyMemory<byte> json = WithoutMark(payload);
        JsonScan.Check(json.Span, findings);
        if (!findings.Any)
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            if (FindFormat(document.RootElement, formats, findings) is { } format)
            {
                subject = format.Command;
                message = format.Read(document.RootElement, findings) as T;
            }
        }

        rejection = findings.Any ? findings.Describe(subject) : null;
        message = findings.Any ? null : message;
        return message is not null;
    }

    /// <summary>Python peers may write a byte order mark.</summary>
    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> payload) =>
        payload.Span.StartsWith("\uFEFF"u8) ? payload[3..] : payload;

    private static string? FindId(JsonElement root, string field) =>
        root.TryGetProperty(field, out JsonElement id) && id.ValueKind == JsonValueKind.String && Identifier.IsValid(id.GetString()!)
            ? id.GetString()
            : null;

    /// <summary>Version and command come first: without them no other field has a meaning.</summary>
    private static MessageFormat? FindFormat(JsonElement root, FrozenDictionary<string, MessageFormat> formats, Findings findings)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            findings.Refuse("a JSON object", Shown.Of(root));
            return null;
        }

        root.TryGetProperty("protocol_version", out JsonElement version);
        Version.Read(version, findings);
        if (findings.Any)
        {
            findings.Within("protocol_version");
            return null;
        }

        if (root.TryGetProperty("command", out JsonElement command) && command.ValueKind == JsonValueKind.String
            && formats.TryGetValue(command.GetString()!, out MessageFormat? format))
        {
            return format;
        }

        findings.Refuse("one of " + string.Join(", ", formats.Keys.Order(StringComparer.Ordinal)), Shown.Of(command));
        findings.Within("command");
        return null;
    }
}

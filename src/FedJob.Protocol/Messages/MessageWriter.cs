using System.Buffers;
using System.Globalization;
using System.Text.Json;
using FedJob.Protocol.Messages.Formats;

namespace FedJob.Protocol.Messages;

/// <summary>
/// Writes messages exactly as Fed-BioMed 4.5 nodes and researchers expect them, and refuses to write anything else: one bad message makes
/// a Fed-BioMed node deaf for good. Everything FedJob sends passes this gate.
/// </summary>
public static class MessageWriter
{
    /// <summary>
    /// Validates a message and writes it: exactly the fields of its kind, null for absent values, floats with a point (with an exponent
    /// only where Python writes one), whole numbers without one. Numbers parsed from JSON text keep their characters.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <returns>The JSON in UTF-8, without a byte order mark; all of it ASCII.</returns>
    /// <exception cref="MessageFormatException">The receiver would refuse it; the text names field, value and accepted form.</exception>
    public static byte[] Write(ProtocolMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var findings = new Findings();
        if (!MessageFormats.ByType.TryGetValue(message.GetType(), out MessageFormat? format))
        {
            throw new MessageFormatException(
                $"{message.GetType()} is no message of the protocol, so no node or researcher would understand it.");
        }

        format.Check(message, findings);
        Finish(findings, message);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            format.Write(writer, message);
        }

        if (buffer.WrittenCount > MessageLimits.MaximumBytes)
        {
            findings.Refuse(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"at most {MessageLimits.MaximumBytes} bytes long (send large values through the repository)"),
                string.Create(CultureInfo.InvariantCulture, $"{buffer.WrittenCount}"));
        }
        else
        {
            JsonScan.Check(buffer.WrittenSpan, findings);
        }

        Finish(findings, message);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Finish(Findings findings, ProtocolMessage message)
    {
        if (findings.Any)
        {
            throw new MessageFormatException(findings.Describe(message.Command) + " The message was not sent.")
            {
                Field = findings.Path.Length > 0 ? findings.Path : null,
            };
        }
    }
}

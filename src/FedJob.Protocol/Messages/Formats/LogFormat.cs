using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of a log message, whose <c>msg</c> is JSON in a JSON string.</summary>
internal static class LogFormat
{
    public static MessageFormat Format => MessageFormat.Node<LogMessage>(
        "log",
        f =>
        {
            var level = f.Field("level", WireTypes.Text, m => m.Level);
            var line = f.Field("msg", new LineType(), m => new Line(m.Time, m.NodeId, m.LoggerName, m.Level, m.Text));
            return v => new LogMessage
            {
                ResearcherId = v.ResearcherId(),
                NodeId = v.NodeId(),
                Level = level[v],
                Text = line[v].Text,
                Time = line[v].Time,
                LoggerName = line[v].Name,
            };
        },
        WireTypes.IdOrUnset);

    private sealed record Line(string? Time, string NodeId, string? Name, string Level, string Text);

    /// <summary>
    /// {asctime, node_id, name, level, message}. Where a node sends another text, that text is the message: a log line is never
    /// lost for its form. FedJob always writes the object, for Python researchers fail on anything else.
    /// </summary>
    private sealed class LineType : WireType<Line>
    {
        private static readonly WireType<string?> TextOrNull = WireTypes.Text.OrNull();

        private static readonly RecordFormat<Line> Format = new(f =>
        {
            var time = f.OptionalField("asctime", TextOrNull, l => l.Time, null);
            var node = f.OptionalField("node_id", TextOrNull, l => l.NodeId, null);
            var name = f.OptionalField("name", TextOrNull, l => l.Name, null);
            var level = f.OptionalField("level", TextOrNull, l => l.Level, null);
            var text = f.Field("message", WireTypes.Text, l => l.Text);
            return v => new Line(time[v], node[v] ?? "", name[v], level[v] ?? "", text[v]);
        })
        { IgnoresOtherFields = true };

        public override string Accepted => WireTypes.Text.Accepted;

        public override Line Read(JsonElement json, Findings findings)
        {
            string raw = WireTypes.Text.Read(json, findings);
            return findings.Any ? null! : Parse(Encoding.UTF8.GetBytes(raw)) ?? new Line(null, "", null, "", raw);
        }

        public override void Check(Line value, Findings findings) => Format.Check(value, findings);

        public override void Write(Utf8JsonWriter writer, Line value)
        {
            var buffer = new ArrayBufferWriter<byte>(256);

            // what the outer writer escapes need not be escaped twice
            using (var inner = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                Format.Write(inner, value);
            }

            writer.WriteStringValue(buffer.WrittenSpan);
        }

        private static Line? Parse(byte[] utf8)
        {
            var findings = new Findings();
            JsonScan.Check(utf8, findings);
            if (findings.Any)
            {
                return null;
            }

            using JsonDocument document = JsonDocument.Parse(utf8);
            Line line = Format.Read(document.RootElement, findings);
            return findings.Any ? null : line;
        }
    }
}

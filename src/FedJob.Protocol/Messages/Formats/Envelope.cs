namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields that every message has, in this order: version, researcher, command; then, in a node's message, the node.</summary>
internal static class Envelope
{
    public const string ProtocolVersion = "1";

    public static void Declare<T>(RecordFormat<T> format, string command, WireType<string> researcher)
        where T : ProtocolMessage
    {
        format.Field("protocol_version", new ConstantType(ProtocolVersion), _ => ProtocolVersion);
        format.Field("researcher_id", researcher, m => m.ResearcherId);
        format.Field("command", new ConstantType(command), m => m.Command);
    }

    public static string ResearcherId(this FieldValues values) => (string)values[1]!;

    public static string NodeId(this FieldValues values) => (string)values[3]!;
}

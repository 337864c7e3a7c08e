using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>The format of one kind of message.</summary>
internal abstract class MessageFormat(string command, Type messageType)
{
    public string Command { get; } = command;

    /// <summary>The record in .NET.</summary>
    public Type MessageType { get; } = messageType;

    public abstract ProtocolMessage Read(JsonElement json, Findings findings);

    public abstract void Check(ProtocolMessage message, Findings findings);

    public abstract void Write(Utf8JsonWriter writer, ProtocolMessage message);

    /// <summary>A request. Like a node, it refuses a field that is not in the table.</summary>
    /// <param name="command">Its command.</param>
    /// <param name="define">Declares the fields beside those of the <see cref="Envelope"/>.</param>
    public static MessageFormat Request<T>(string command, Func<RecordFormat<T>, Func<FieldValues, T>> define)
        where T : ResearcherRequest =>
        new MessageFormat<T>(command, new RecordFormat<T>(f =>
        {
            Envelope.Declare(f, command, WireTypes.Id);
            return define(f);
        })
        { Subject = command });

    /// <summary>A message from a node. A field that is not in the table is passed over.</summary>
    /// <param name="command">Its command.</param>
    /// <param name="define">Declares the fields beside those of the <see cref="Envelope"/>.</param>
    /// <param name="researcher">The researcher's id, where it may be unset.</param>
    public static MessageFormat Node<T>(
        string command, Func<RecordFormat<T>, Func<FieldValues, T>> define, WireType<string>? researcher = null)
        where T : NodeMessage =>
        new MessageFormat<T>(command, new RecordFormat<T>(f =>
        {
            Envelope.Declare(f, command, researcher ?? WireTypes.Id);
            f.Field("node_id", WireTypes.Id, m => m.NodeId);
            return define(f);
        })
        { Subject = command, IgnoresOtherFields = true });
}

/// <inheritdoc/>
internal sealed class MessageFormat<T>(string command, RecordFormat<T> format) : MessageFormat(command, typeof(T))
    where T : ProtocolMessage
{
    public override ProtocolMessage Read(JsonElement json, Findings findings) => format.Read(json, findings);

    public override void Check(ProtocolMessage message, Findings findings) => format.Check((T)message, findings);

    public override void Write(Utf8JsonWriter writer, ProtocolMessage message) => format.Write(writer, (T)message);
}

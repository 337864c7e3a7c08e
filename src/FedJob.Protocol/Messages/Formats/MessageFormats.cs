using System.Collections.Frozen;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// All kinds of messages. A new kind is a record and an entry in <see cref="RequestFormats"/> or <see cref="NodeMessageFormats"/>.
/// </summary>
internal static class MessageFormats
{
    /// <summary>What researchers send, by command.</summary>
    public static readonly FrozenDictionary<string, MessageFormat> Requests =
        RequestFormats.All.ToFrozenDictionary(f => f.Command, StringComparer.Ordinal);

    /// <summary>What nodes send, by command.</summary>
    public static readonly FrozenDictionary<string, MessageFormat> NodeMessages =
        NodeMessageFormats.All.ToFrozenDictionary(f => f.Command, StringComparer.Ordinal);

    /// <summary>Everything, by the record in .NET.</summary>
    public static readonly FrozenDictionary<Type, MessageFormat> ByType =
        RequestFormats.All.Concat(NodeMessageFormats.All).ToFrozenDictionary(f => f.MessageType);
}

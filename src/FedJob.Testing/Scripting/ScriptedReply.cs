using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;

namespace FedJob.Testing.Scripting;

/// <summary>Puts what a scripted node says on its topic, with the user properties of a FedJob node.</summary>
internal static class ScriptedReply
{
    public static OutboundMessage Of(NodeMessage message, string? requestId, FileDigest? digest = null)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal) { [WireProperties.FedJob] = WireProperties.Version };
        if (requestId is not null)
        {
            properties[WireProperties.RequestId] = requestId;
        }

        if (digest is not null)
        {
            properties[WireProperties.ParametersDigest] = digest.ToString();
        }

        return new OutboundMessage { Topic = Topics.Researchers, Payload = MessageWriter.Write(message), UserProperties = properties };
    }

    /// <summary>The request's id, if it has a valid one.</summary>
    public static string? RequestIdOf(InboundMessage message) =>
        message.UserProperties.GetValueOrDefault(WireProperties.RequestId) is { } id && Identifier.IsValid(id) ? id : null;

    /// <summary>The digest of the global parameters, if the request tells it.</summary>
    public static FileDigest? DigestOf(InboundMessage message) =>
        FileDigest.TryParse(message.UserProperties.GetValueOrDefault(WireProperties.ParametersDigest), out FileDigest? digest)
            ? digest
            : null;
}

namespace FedJob.Protocol.Messages;

/// <summary>The MQTT topics of Fed-BioMed 4.5, and the one FedJob adds.</summary>
public static class Topics
{
    /// <summary>From a researcher to every node.</summary>
    public const string AllNodes = "general/nodes";

    /// <summary>From nodes to every researcher: replies and errors.</summary>
    public const string Researchers = "general/researcher";

    /// <summary>From nodes to every researcher: metrics.</summary>
    public const string Monitoring = "general/monitoring";

    /// <summary>From nodes to every researcher: logs.</summary>
    public const string Logger = "general/logger";

    /// <summary>The filter of every FedJob node's presence topic.</summary>
    public const string AllPresence = "fedjob/+/presence";

    /// <summary>From a researcher to one node.</summary>
    /// <param name="nodeId">The node.</param>
    /// <returns>The topic.</returns>
    /// <exception cref="ArgumentException">The id is not an <see cref="Identifier"/>.</exception>
    public static string Node(string nodeId) => "general/" + Identifier.Check(nodeId);

    /// <summary>The node whose presence topic this is.</summary>
    /// <param name="topic">A topic.</param>
    /// <returns>The node; <see langword="null"/> where the topic is none of this kind.</returns>
    public static string? NodeOfPresence(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        const string Start = "fedjob/";
        const string End = "/presence";
        return topic.Length > Start.Length + End.Length
            && topic.StartsWith(Start, StringComparison.Ordinal)
            && topic.EndsWith(End, StringComparison.Ordinal)
            && topic[Start.Length..^End.Length] is var nodeId && Identifier.IsValid(nodeId) ? nodeId : null;
    }

    /// <summary>Where a FedJob node says, retained, whether it is there: <c>online</c> or <c>offline</c> (also its last will).</summary>
    /// <param name="nodeId">The node.</param>
    /// <returns>The topic.</returns>
    /// <exception cref="ArgumentException">The id is not an <see cref="Identifier"/>.</exception>
    public static string Presence(string nodeId) => $"fedjob/{Identifier.Check(nodeId)}/presence";
}

namespace FedJob.Testing.Scripting;

/// <summary>What happened at a <see cref="ScriptedNode"/> so far, all of one moment.</summary>
public sealed record ScriptedNodeCounters
{
    /// <summary>Train requests that arrived, repeated ones included.</summary>
    public required int Requests { get; init; }

    /// <summary>Train requests whose id had arrived before.</summary>
    public required int RepeatedRequests { get; init; }

    /// <summary>Trainings that began; a request answered from a kept reply is none.</summary>
    public required int Trainings { get; init; }

    /// <summary>Train replies that the broker took, duplicates included.</summary>
    public required int Replies { get; init; }

    /// <summary>Train requests the script left without an answer: the node was silent, dropped out or crashed.</summary>
    public required int Unanswered { get; init; }

    /// <summary>Pings that were answered.</summary>
    public required int Pongs { get; init; }

    /// <summary>Times the node crashed.</summary>
    public required int Crashes { get; init; }

    /// <summary>Times the node connected.</summary>
    public required int Connections { get; init; }

    /// <summary>Before anything happened.</summary>
    internal static ScriptedNodeCounters None { get; } = new()
    {
        Requests = 0,
        RepeatedRequests = 0,
        Trainings = 0,
        Replies = 0,
        Unanswered = 0,
        Pongs = 0,
        Crashes = 0,
        Connections = 0,
    };
}

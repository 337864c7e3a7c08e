namespace FedJob.Testing.Faults;

/// <summary>What passed through a <see cref="FaultProxy"/> so far, all of one moment.</summary>
public sealed record FaultProxyCounters
{
    /// <summary>Connections accepted, those included that were refused right after.</summary>
    public required int Accepted { get; init; }

    /// <summary>Connections refused: by <see cref="LinkFaults.Refuse"/>, as too many, or because the target could not be reached.</summary>
    public required int Refused { get; init; }

    /// <summary>Connections cut by the proxy.</summary>
    public required int Cut { get; init; }

    /// <summary>Connections open now.</summary>
    public required int Open { get; init; }

    /// <summary>Bytes forwarded to the target, duplicates included.</summary>
    public required long BytesToTarget { get; init; }

    /// <summary>Bytes forwarded to clients, duplicates included.</summary>
    public required long BytesToClient { get; init; }

    /// <summary>Bytes that vanished in a black hole.</summary>
    public required long BytesSwallowed { get; init; }

    /// <summary>Bytes that were changed.</summary>
    public required long BytesCorrupted { get; init; }

    /// <summary>Chunks that were sent twice.</summary>
    public required long ChunksDuplicated { get; init; }

    /// <summary>Before anything passed.</summary>
    internal static FaultProxyCounters None { get; } = new()
    {
        Accepted = 0,
        Refused = 0,
        Cut = 0,
        Open = 0,
        BytesToTarget = 0,
        BytesToClient = 0,
        BytesSwallowed = 0,
        BytesCorrupted = 0,
        ChunksDuplicated = 0,
    };
}

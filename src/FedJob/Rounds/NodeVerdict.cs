namespace FedJob.Rounds;

/// <summary>How a round went for one participant, and why.</summary>
public sealed record NodeVerdict
{
    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>How it went.</summary>
    public required VerdictKind Kind { get; init; }

    /// <summary>Why, in the node's own words where it gave any; <see langword="null"/> for a success.</summary>
    public string? Reason { get; init; }

    /// <summary>The id under which the node keeps its state after a successful training; <see langword="null"/> without one.</summary>
    public string? StateId { get; init; }

    /// <summary>Where its update lies in the repository; <see langword="null"/> without one.</summary>
    public Uri? ParametersUrl { get; init; }

    /// <summary>The samples trained on; <see langword="null"/> without a successful training.</summary>
    public long? SampleCount { get; init; }

    /// <summary>From sending the request to the arrival of its reply; <see langword="null"/> without a reply.</summary>
    public TimeSpan? ReplyTime { get; init; }

    /// <summary>How long the node says it trained, by the wall clock; <see langword="null"/> where it does not say.</summary>
    public TimeSpan? TrainingTime { get; init; }

    /// <summary>How long the download and check of its parameters took; <see langword="null"/> without one.</summary>
    public TimeSpan? DownloadTime { get; init; }

    /// <summary>How much of <see cref="DownloadTime"/> the check of its parameters took; <see langword="null"/> without one.</summary>
    public TimeSpan? CheckTime { get; init; }

    /// <summary>The length of its parameter file in bytes; 0 without one.</summary>
    public long DownloadedBytes { get; init; }
}

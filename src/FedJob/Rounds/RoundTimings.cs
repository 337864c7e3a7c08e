namespace FedJob.Rounds;

/// <summary>Where the time of a round went. The phases follow each other; downloads and checks overlap with waiting and are part of it.</summary>
public sealed record RoundTimings
{
    /// <summary>Choosing participants, making sure the parameters are uploaded, building and publishing the requests.</summary>
    public required TimeSpan Send { get; init; }

    /// <summary>From the last request published to the last verdict, downloads included.</summary>
    public required TimeSpan Collect { get; init; }

    /// <summary>Combining the updates and writing the new parameter file.</summary>
    public required TimeSpan Aggregate { get; init; }

    /// <summary>Uploading the new parameter file.</summary>
    public required TimeSpan Upload { get; init; }

    /// <summary>The whole round.</summary>
    public required TimeSpan Total { get; init; }
}

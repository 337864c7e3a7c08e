namespace FedJob.Rounds;

/// <summary>How a round went for one participant.</summary>
public enum VerdictKind
{
    /// <summary>Its reply arrived, its parameters were downloaded and are sound; its update was used.</summary>
    Succeeded,

    /// <summary>The node replied that it could not train, or answered with an error.</summary>
    TrainingFailed,

    /// <summary>No reply arrived by the deadline.</summary>
    TimedOut,

    /// <summary>The node is gone and did not come back in time: nobody listens on its topic, its last will came, or it answered no ping.</summary>
    Lost,

    /// <summary>Its parameters could not be downloaded.</summary>
    DownloadFailed,

    /// <summary>Its parameter file is malformed, or does not fit the model, or holds NaN or infinity.</summary>
    InvalidParameters,

    /// <summary>Its reply contradicts the request.</summary>
    Rejected,

    /// <summary>The round had enough replies before this one was there.</summary>
    NotNeeded,

    /// <summary>The caller cancelled it (<see cref="Job.CancelNode"/>).</summary>
    Cancelled,

    /// <summary>Its update is sound but an outlier, and <see cref="RoundPolicy.OutlierGuard"/> excludes such; it was not used.</summary>
    Excluded,
}

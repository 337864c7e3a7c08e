namespace FedJob.Metrics;

/// <summary>What a node was doing when it reported a metric.</summary>
public enum MetricPhase
{
    /// <summary>Training.</summary>
    Training,

    /// <summary>Validation of the global parameters, before training.</summary>
    ValidationOnGlobalUpdates,

    /// <summary>Validation of its own parameters, after training.</summary>
    ValidationOnLocalUpdates,
}

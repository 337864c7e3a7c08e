namespace FedJob.Loop;

/// <summary>Where the loop around rounds takes a metric from.</summary>
public enum MetricSource
{
    /// <summary>What <see cref="RunOptions.Evaluator"/> says of the round's new global parameters.</summary>
    Evaluation,

    /// <summary>
    /// The nodes' validation of the global parameters they were sent, before they trained: it speaks of the parameters the round began with. Mean over the
    /// round's successful participants, weighted by the samples each validated on.
    /// </summary>
    ValidationOnGlobalUpdates,

    /// <summary>The nodes' validation of their own parameters, after they trained. Mean over the round's successful participants, weighted likewise.</summary>
    ValidationOnLocalUpdates,
}

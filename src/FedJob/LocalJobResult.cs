using FedJob.Abstractions;

namespace FedJob;

/// <summary>What a training without nodes came to.</summary>
public sealed record LocalJobResult
{
    /// <summary>The trained parameters, in memory.</summary>
    public required ModelParameters Parameters { get; init; }

    /// <summary>What the plan says about the training.</summary>
    public required TrainingResult Training { get; init; }

    /// <summary>
    /// What the plan reported while it trained, in order, e.g. its losses; of more than 100,000 reports the last. None where it reports
    /// nothing.
    /// </summary>
    public required IReadOnlyList<MetricReport> Metrics { get; init; }
}

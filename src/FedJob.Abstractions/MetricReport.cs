namespace FedJob.Abstractions;

/// <summary>How a training stands after a batch; the fields of Fed-BioMed's <c>add_scalar</c> message.</summary>
public sealed record MetricReport
{
    /// <summary>Name and value of each metric, e.g. <c>Loss</c> and 0.41.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>The epoch, counted from 1; <see langword="null"/> where the training counts updates.</summary>
    public int? Epoch { get; init; }

    /// <summary>The batch, counted from 1 anew in each epoch.</summary>
    public required int Iteration { get; init; }

    /// <summary>The samples of one epoch.</summary>
    public required long TotalSamples { get; init; }

    /// <summary>The samples of this batch.</summary>
    public required long BatchSamples { get; init; }

    /// <summary>The batches of one epoch.</summary>
    public required int BatchCount { get; init; }

    /// <summary>The samples trained on so far in this epoch.</summary>
    public required long SamplesTrained { get; init; }
}

namespace FedJob.Protocol.Messages;

/// <summary>Metrics of a running training or validation.</summary>
public sealed record MetricMessage : NodeMessage
{
    /// <summary>The job; <c>job_id</c>.</summary>
    public required string JobId { get; init; }

    /// <summary>Whether it comes from training; <c>train</c>.</summary>
    public required bool Train { get; init; }

    /// <summary>Whether it comes from validation; <c>test</c>.</summary>
    public required bool Test { get; init; }

    /// <summary>Whether the validation is of the locally trained parameters; <c>test_on_local_updates</c>.</summary>
    public required bool TestOnLocalUpdates { get; init; }

    /// <summary>Whether the validation is of the parameters that were sent; <c>test_on_global_updates</c>.</summary>
    public required bool TestOnGlobalUpdates { get; init; }

    /// <summary>Name and value of each metric; names may have spaces; <c>metric</c>.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>The epoch, counted from 1; null for validation and where updates are counted; <c>epoch</c>.</summary>
    public int? Epoch { get; init; }

    /// <summary>The samples of one epoch; <c>total_samples</c>.</summary>
    public required long TotalSamples { get; init; }

    /// <summary>The samples of this batch; <c>batch_samples</c>.</summary>
    public required long BatchSamples { get; init; }

    /// <summary>The batches of one epoch; <c>num_batches</c>.</summary>
    public required int BatchCount { get; init; }

    /// <summary>The samples trained on so far in this epoch; null for validation; <c>num_samples_trained</c>.</summary>
    public long? SamplesTrained { get; init; }

    /// <summary>The batch, counted from 1 anew in each epoch; <c>iteration</c>.</summary>
    public required int Iteration { get; init; }

    /// <inheritdoc/>
    public override string Command => "add_scalar";
}

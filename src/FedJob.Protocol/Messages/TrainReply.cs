namespace FedJob.Protocol.Messages;

/// <summary>Ends a train request, well or badly.</summary>
public sealed record TrainReply : NodeMessage
{
    /// <summary>The job; <c>job_id</c>.</summary>
    public required string JobId { get; init; }

    /// <summary>
    /// The id under which the node keeps its state; null after a validation; not saved when not successful; <c>state_id</c>.
    /// </summary>
    public string? StateId { get; init; }

    /// <summary>Whether the node did what was asked; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>The dataset; empty when not successful; <c>dataset_id</c>.</summary>
    public required string DatasetId { get; init; }

    /// <summary>Where the node's parameters are; empty when there are none; <c>params_url</c>.</summary>
    public required string ParametersUrl { get; init; }

    /// <summary>How long the training took; null when there was none; <c>timing</c>.</summary>
    public TrainTiming? Timing { get; init; }

    /// <summary>The rows of the training split; null when nothing was trained; <c>sample_size</c>.</summary>
    public long? SampleCount { get; init; }

    /// <summary>Why it failed; empty when it did not; <c>msg</c>.</summary>
    public required string Text { get; init; }

    /// <inheritdoc/>
    public override string Command => "train";
}

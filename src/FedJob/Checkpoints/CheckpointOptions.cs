namespace FedJob.Checkpoints;

/// <summary>What a checkpoint holds beside what a job needs to go on.</summary>
public sealed class CheckpointOptions
{
    /// <summary>
    /// Whether the parameter files of the last training round's nodes are copied too, for later study: a resumed job does not need them. They exist only while
    /// the job keeps them (<see cref="JobOptions.KeepReplyFiles"/>); without that, asking for them is refused. What nodes replied beside their files is in every
    /// checkpoint. Default: <see langword="false"/>.
    /// </summary>
    public bool IncludeReplyFiles { get; set; }
}

namespace FedJob.Node.Approval;

/// <summary>What a node knows of a training plan, by the SHA-256 of its exact bytes.</summary>
public sealed record PlanApproval
{
    /// <summary>The SHA-256 of the plan bundle: 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>
    /// The type name under which a researcher first sent it; empty where it was approved before it came. A researcher's word: it proves
    /// nothing.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>What was decided.</summary>
    public required PlanApprovalStatus Status { get; init; }

    /// <summary>When the node first heard of it.</summary>
    public required DateTimeOffset FirstSeen { get; init; }

    /// <summary>When it was approved or rejected. Default: not yet.</summary>
    public DateTimeOffset? Decided { get; init; }

    /// <summary>What the owner, or the researcher who asked for approval, noted. Default: empty.</summary>
    public string Note { get; init; } = "";
}

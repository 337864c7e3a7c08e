namespace FedJob;

/// <summary>What a job does while not every node would run its plan.</summary>
public sealed record ApprovalPolicy
{
    /// <summary>What to do. Default: <see cref="PartialApproval.Fail"/>.</summary>
    public PartialApproval WhenPartial { get; init; } = PartialApproval.Fail;

    /// <summary>For <see cref="PartialApproval.Wait"/>: how long at most; above 0, at most 45 days. Default: 1 day.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromDays(1);

    /// <summary>For <see cref="PartialApproval.Wait"/>: how often nodes are asked again, since they do not tell by themselves; above 0. Default: 1 min.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromMinutes(1);

    internal void Validate()
    {
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromDays(45))
        {
            throw new ArgumentException($"ApprovalPolicy.Timeout is {Timeout}; allowed: above 0, at most 45 days.");
        }

        if (CheckInterval <= TimeSpan.Zero || CheckInterval > Timeout)
        {
            throw new ArgumentException($"ApprovalPolicy.CheckInterval is {CheckInterval} and ApprovalPolicy.Timeout {Timeout}; the interval must be above 0 and not beyond the timeout.");
        }
    }
}

namespace FedJob.Node.Execution;

/// <summary>What a node demands of the plans it runs, as its options say.</summary>
/// <param name="RequireApproval">Whether only plans run whose exact bytes the owner approved.</param>
/// <param name="MaximumBytes">The largest plan accepted.</param>
/// <param name="Kept">How many downloaded plans are kept.</param>
internal sealed record PlanRules(bool RequireApproval, int MaximumBytes, int Kept);

using FedJob.Abstractions;

namespace FedJob.TestPlans;

/// <summary>Cannot build its model.</summary>
public sealed class BrokenPlan : MeanPlan
{
    public override ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("no model today");
}

namespace FedJob.Nodes;

/// <summary>Every node takes part in every round.</summary>
public sealed class AllNodesSampler : INodeSampler
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Sample(SamplingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Data.Nodes;
    }
}

namespace FedJob.Nodes;

/// <summary>Chooses the participants of a round.</summary>
public interface INodeSampler
{
    /// <summary>Chooses nodes. The same context gives the same choice.</summary>
    /// <param name="context">The round, the nodes there are, and a seed.</param>
    /// <returns>The chosen nodes: at least one, each among the context's, none twice.</returns>
    IReadOnlyList<string> Sample(SamplingContext context);
}

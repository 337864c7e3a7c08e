using FedJob.Protocol.Parameters;

namespace FedJob.Nodes;

/// <summary>Chooses the participants of a round.</summary>
public interface INodeSampler
{
    /// <summary>Chooses nodes. The same context gives the same choice.</summary>
    /// <param name="context">The round, the nodes there are, and a seed.</param>
    /// <returns>The chosen nodes: at least one, each among the context's, none twice.</returns>
    IReadOnlyList<string> Sample(SamplingContext context);

    /// <summary>What the sampler remembers from round to round, for a checkpoint. Default: nothing.</summary>
    /// <returns>The state; not changed afterwards.</returns>
    ParameterMap SaveState() => ParameterMap.Empty;

    /// <summary>Takes up the state that <see cref="SaveState"/> gave in another process.</summary>
    /// <param name="state">The state.</param>
    void RestoreState(ParameterMap state)
    {
    }
}

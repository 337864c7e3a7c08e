using FedJob.Abstractions;
using FedJob.Nodes;

namespace FedJob.Rounds;

/// <summary>Who takes part in a round: the sampler's choice, checked.</summary>
internal static class ParticipantChoice
{
    /// <summary>Samples the participants, in ordinal order.</summary>
    public static IReadOnlyList<string> Sample(RoundContext context, INodeSampler sampler)
    {
        FederatedDataset data = context.Available ?? context.Data;
        string name = $"The sampler {sampler.GetType().Name}";
        string[] chosen;
        try
        {
            chosen = [.. sampler.Sample(new SamplingContext { Round = context.Round, Data = data, Seed = context.Seed + context.Round }) ?? []];
        }
        catch (Exception thrown) when (thrown is not FedJobException)
        {
            throw Failed(context, $"{name} threw {thrown.GetType().Name}: {thrown.Message}", thrown);
        }

        int stranger = Array.FindIndex(chosen, id => id is null || !data.Datasets.ContainsKey(id));
        string? flaw = chosen.Length == 0 ? "chose no node"
            : stranger >= 0 ? $"chose '{chosen[stranger]}', which is no node of the job"
            : chosen.Distinct(StringComparer.Ordinal).Count() != chosen.Length ? $"chose {chosen.Length} nodes, one of them twice"
            : null;
        return flaw is null
            ? [.. chosen.Order(StringComparer.Ordinal)]
            : throw Failed(context, $"{name} {flaw}; it must choose at least one node, each of the job's and none twice.");
    }

    private static FedJobException Failed(RoundContext context, string message, Exception? thrown = null) =>
        new(FedJobErrorCode.ExtensionFailed, message, thrown) { JobId = context.JobId, Round = context.Round };
}

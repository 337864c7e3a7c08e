using FedJob.Abstractions;
using FedJob.Rounds;

namespace FedJob.Loop;

/// <summary>The training arguments of a round and of each node in it, by the options of a run.</summary>
internal static class RoundArguments
{
    /// <summary>The request of a round.</summary>
    /// <param name="request">What all rounds of the run do.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="round">The round.</param>
    /// <param name="job">The training arguments of the job.</param>
    /// <param name="nodes">The nodes of the job now: one that has left it since the run began is passed over.</param>
    /// <returns>The request, its arguments not checked yet.</returns>
    /// <exception cref="FedJobException">A schedule or change of the caller's threw, or gave nothing of use (<see cref="FedJobErrorCode.ExtensionFailed"/>).</exception>
    /// <exception cref="ArgumentException">The metrics of nodes are needed that the arguments do not ask them for.</exception>
    public static RoundRequest Of(RoundRequest request, RunOptions options, int round, TrainingArgs job, IReadOnlyList<string> nodes)
    {
        TrainingArgs shared = options.LearningRate is { } schedule ? job with { LearningRate = schedule.At(round) } : job;
        Dictionary<string, TrainingArgs> own = options.NodeTrainingArgs.Where(n => nodes.Contains(n.Key, StringComparer.Ordinal))
            .ToDictionary(n => n.Key, n => Change(n.Key, n.Value, shared, round), StringComparer.Ordinal);
        foreach (WatchedMetric metric in options.NodeMetrics)
        {
            CheckReported(metric, [shared, .. own.Values]);
        }

        return request with { TrainingArgs = shared, NodeTrainingArgs = own, Observed = options.Observes };
    }

    private static TrainingArgs Change(string nodeId, Func<TrainingArgs, TrainingArgs> change, TrainingArgs shared, int round)
    {
        try
        {
            return change(shared) ?? throw new InvalidOperationException("it returned null.");
        }
        catch (Exception thrown) when (thrown is not FedJobException)
        {
            throw new FedJobException(
                FedJobErrorCode.ExtensionFailed,
                $"RunOptions.NodeTrainingArgs threw {thrown.GetType().Name} for node '{nodeId}' in round {round}: {thrown.Message} Nothing was sent.",
                thrown)
            { NodeId = nodeId, Round = round };
        }
    }

    private static void CheckReported(WatchedMetric metric, TrainingArgs[] args)
    {
        bool global = metric.Source == MetricSource.ValidationOnGlobalUpdates;
        if (!args.Any(a => a.TestRatio > 0 && (global ? a.TestOnGlobalUpdates : a.TestOnLocalUpdates)))
        {
            string flag = global ? nameof(TrainingArgs.TestOnGlobalUpdates) : nameof(TrainingArgs.TestOnLocalUpdates);
            throw new ArgumentException(
                $"RunOptions looks at '{metric.Name}' of {metric.Source}, and no node is asked for it: set TrainingArgs.{flag}, and TrainingArgs.TestRatio above 0.");
        }
    }
}

using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Nodes;

namespace FedJob.Checkpoints;

/// <summary>
/// A breakpoint of a Fed-BioMed 4.5.0 researcher, read as data. Class and module names in it are text that is never resolved, and no file outside the
/// experiment's directory is opened. Files are found by name when the directory was moved; what was repaired or is missing is told in <see cref="Problems"/>.
/// </summary>
/// <example><code>
/// FedBioMedBreakpoint breakpoint = FedBioMedBreakpoint.Read("experiments/Experiment_0003/breakpoint_0001");
/// foreach (string problem in breakpoint.Problems) { logger.LogWarning("{Problem}", problem); }
/// </code></example>
public sealed record FedBioMedBreakpoint
{
    /// <summary>The breakpoint's directory.</summary>
    public required string Directory { get; init; }

    /// <summary>The version of its format; <c>breakpoint_version</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The job; <c>job.job_id</c>.</summary>
    public required string JobId { get; init; }

    /// <summary>Who ran it; <c>job.researcher_id</c>.</summary>
    public required string ResearcherId { get; init; }

    /// <summary>The next round, counted from 0; <c>round_current</c>.</summary>
    public required int Round { get; init; }

    /// <summary>How many rounds were planned; <c>round_limit</c>. <see langword="null"/> for no limit.</summary>
    public int? RoundLimit { get; init; }

    /// <summary>The class of the training plan; <c>training_plan_class</c>.</summary>
    public required string TrainingPlanClass { get; init; }

    /// <summary>The training plan's Python module; <c>training_plan_path</c>. <see langword="null"/> where it is missing.</summary>
    public string? TrainingPlanFile { get; init; }

    /// <summary>The training arguments; <c>training_args</c>. <see langword="null"/> where FedJob refuses them; <see cref="Problems"/> says why.</summary>
    public TrainingArgs? TrainingArgs { get; init; }

    /// <summary>The training arguments as written.</summary>
    public required JsonObject TrainingArgsAsWritten { get; init; }

    /// <summary>The model arguments; <c>model_args</c>.</summary>
    public required JsonObject ModelArgs { get; init; }

    /// <summary>The dataset of each node; <c>training_data</c>.</summary>
    public required FederatedDataset Data { get; init; }

    /// <summary>The tags the data was searched with; <c>tags</c>.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Under which id each node kept its state; <c>job.node_state.collection_state_ids</c>. Nodes without one are left out.</summary>
    public required IReadOnlyDictionary<string, string> StateIds { get; init; }

    /// <summary>The file with the global parameters of the next round; <c>job.model_params_path</c>. <see langword="null"/> where it is missing.</summary>
    public string? ParametersFile { get; init; }

    /// <summary>The file with the aggregated parameters of each round, counted from 0; <c>aggregated_params</c>. Null where missing.</summary>
    public required IReadOnlyDictionary<int, string?> AggregatedParametersFiles { get; init; }

    /// <summary>The replies of each training round, in the researcher's order; <c>job.training_replies</c>.</summary>
    public required IReadOnlyList<IReadOnlyList<FedBioMedReply>> Replies { get; init; }

    /// <summary>The aggregator; <c>aggregator</c>.</summary>
    public required FedBioMedAggregator Aggregator { get; init; }

    /// <summary>The file with the state of the server's optimizer; <c>agg_optimizer</c>. <see langword="null"/> without one, and where it is missing.</summary>
    public string? AggregatorOptimizerFile { get; init; }

    /// <summary>How nodes were chosen, as written; <c>node_selection_strategy</c>. Data only.</summary>
    public JsonObject? NodeSelection { get; init; }

    /// <summary>The secure aggregation, as written; <c>secagg</c>. Data only.</summary>
    public JsonObject? SecureAggregation { get; init; }

    /// <summary>What was repaired, is missing, or will not be taken over: one sentence each. Empty for a whole breakpoint.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Reads a breakpoint.</summary>
    /// <param name="directory">A directory <c>breakpoint_NNNN</c>, or that of an experiment, of which the newest breakpoint is taken.</param>
    /// <returns>The breakpoint. Files it names may be missing: <see cref="Problems"/> tells.</returns>
    /// <exception cref="CheckpointException">It is none, was cut short, or a field is missing or has another form than the original writes: the message
    /// names file and field. Or it is of another version than 1.</exception>
    /// <exception cref="FedJobException">A file cannot be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static FedBioMedBreakpoint Read(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        try
        {
            return FedBioMedReader.Read(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(directory, failure);
        }
    }

    /// <summary>Reads a breakpoint as a job to go on with.</summary>
    internal static JobState ReadState(string directory)
    {
        FedBioMedBreakpoint breakpoint = Read(directory);
        try
        {
            return FedBioMedState.Of(breakpoint);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(directory, failure);
        }
    }

    private static FedJobException Unreadable(string directory, Exception failure) => new(
        FedJobErrorCode.LocalFileFailed, $"The breakpoint in '{directory}' cannot be read: {failure.Message}", failure);
}

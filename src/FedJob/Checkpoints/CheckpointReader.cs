using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FedJob.Abstractions;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.TrainingPlans;
using FedJob.Rounds;

namespace FedJob.Checkpoints;

/// <summary>
/// Reads a checkpoint. All of its files are verified before anything of them is looked into, and all of it is read before anything is used. No name in it is
/// ever resolved: the plan is bytes for nodes, the names of rule and sampler are only compared.
/// </summary>
internal static class CheckpointReader
{
    private const long MostStateBytes = 256L << 20;
    private const long MostLineFileBytes = 16L << 30;

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="directory">Its directory; it is not changed.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The state, to be disposed after it was taken up.</returns>
    /// <exception cref="CheckpointException">It is damaged, incomplete or of another version.</exception>
    /// <exception cref="FedJobException">A file cannot be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static async Task<StoredJob> ReadAsync(string directory, CancellationToken cancellationToken)
    {
        try
        {
            CheckpointFiles files = await CheckpointFiles.VerifyAsync(directory, cancellationToken).ConfigureAwait(false);
            try
            {
                return await ReadAsync(files, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception malformed) when (malformed is JsonException or ArgumentException or FormatException or MessageFormatException or ParameterFormatException)
            {
                throw files.Invalid($"holds what FedJob does not write: {malformed.Message}", malformed);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(FedJobErrorCode.LocalFileFailed, $"The checkpoint '{directory}' cannot be read: {failure.Message}", failure);
        }
    }

    private static async Task<StoredJob> ReadAsync(CheckpointFiles files, CancellationToken cancellationToken)
    {
        byte[] bytes = await files.ReadAsync(CheckpointFileNames.State, MostStateBytes, cancellationToken).ConfigureAwait(false);
        StateDocument state = JsonSerializer.Deserialize(bytes, CheckpointJson.Default.StateDocument)!;
        string extension = CheckpointFileNames.PlanExtensions.FirstOrDefault(e => CheckpointFileNames.PlanWith(e) == state.TrainingPlanFile)
            ?? throw files.Invalid($"has a state of an unknown plan file '{state.TrainingPlanFile}'");
        if (state.JobId != files.Manifest.JobId || state.Round != files.Manifest.Round || state.Round < 0)
        {
            throw files.Invalid($"is of job {files.Manifest.JobId} before round {files.Manifest.Round}, and its state of {state.JobId} before round {state.Round}");
        }

        string parameters = files.Require(CheckpointFileNames.Parameters);
        string? auxiliaryVariables = files.Find(CheckpointFileNames.AuxiliaryVariables);
        string bestParameters = files.Find(CheckpointFileNames.BestParameters) ?? parameters;
        CheckParameterFiles(parameters, bestParameters, auxiliaryVariables);
        var read = new JobState
        {
            JobId = Identifier.Check(state.JobId),
            Round = state.Round,
            TrainingPlan = await files.ReadAsync(state.TrainingPlanFile, PlanBundle.MaximumBytes, cancellationToken).ConfigureAwait(false),
            TrainingPlanExtension = extension,
            TrainingPlanClass = state.TrainingPlanClass,
            TrainingArgs = ReadArgs(state.TrainingArgs),
            ModelArgs = state.ModelArgs,
            Data = new FederatedDataset(state.Data),
            Seed = state.Seed,
            StateIds = state.NodeStates.ToDictionary(s => Identifier.Check(s.Key), s => Identifier.Check(s.Value), StringComparer.Ordinal),
            ParametersPath = parameters,
            AuxiliaryVariablesPath = auxiliaryVariables,
            History = await ReadHistoryAsync(files, state, cancellationToken).ConfigureAwait(false),
            Metrics = await ReadMetricsAsync(files, state.JobId, cancellationToken).ConfigureAwait(false),
            AggregatorName = state.Aggregator,
            SamplerName = state.Sampler,
            Loop = LoopLines.Read(state.Loop, bestParameters),
            ReplyFiles = (state.ReplyFiles ?? new Dictionary<string, string>(StringComparer.Ordinal)).ToDictionary(
                r => Identifier.Check(r.Key),
                r => CheckpointFileNames.IsReply(r.Value) ? files.Require(r.Value) : throw files.Invalid($"has a state of an unknown reply file '{r.Value}'"),
                StringComparer.Ordinal),
        };
        return WithValues(files, read);
    }

    /// <summary>Training arguments in their wire form, checked.</summary>
    public static TrainingArgs ReadArgs(JsonElement json)
    {
        TrainingArgs args = TrainingArgsJson.Read(json);
        args.Validate(training: false);
        return args;
    }

    private static void CheckParameterFiles(string parameters, string bestParameters, string? auxiliaryVariables)
    {
        AggregatedParametersFile.Open(parameters).Dispose();
        AggregatedParametersFile.Open(bestParameters).Dispose();
        ReceivedAuxiliaryVariables.Open(auxiliaryVariables).Dispose();
    }

    private static StoredJob WithValues(CheckpointFiles files, JobState state)
    {
        ParameterFile? aggregator = null;
        ParameterFile? sampler = null;
        try
        {
            (aggregator, ParameterMap aggregatorState) = OpenValues(files, CheckpointFileNames.AggregatorState);
            (sampler, ParameterMap samplerState) = OpenValues(files, CheckpointFileNames.SamplerState);
            return new StoredJob(state with { AggregatorState = aggregatorState, SamplerState = samplerState }, aggregator, sampler);
        }
        catch
        {
            aggregator?.Dispose();
            sampler?.Dispose();
            throw;
        }
    }

    private static (ParameterFile? File, ParameterMap Values) OpenValues(CheckpointFiles files, string name)
    {
        if (files.Find(name) is not { } path)
        {
            return (null, ParameterMap.Empty);
        }

        ParameterFile file = ParameterFileReader.Open(path);
        if (file.Value is ParameterMap values)
        {
            return (file, values);
        }

        file.Dispose();
        throw files.Invalid($"has a '{name}' that is no map of values");
    }

    private static async Task<List<RoundResult>> ReadHistoryAsync(CheckpointFiles files, StateDocument state, CancellationToken cancellationToken)
    {
        List<RoundResult> history = [];
        await foreach (RoundDocument line in LinesOf(files, CheckpointFileNames.History, CheckpointJson.Default.RoundDocument, cancellationToken).ConfigureAwait(false))
        {
            history.Add(HistoryLines.Read(
                line,
                line.ParametersName == state.ParametersName ? files.Require(CheckpointFileNames.Parameters) : Identifier.Check(line.ParametersName),
                line.AuxiliaryVariables ? files.Require(CheckpointFileNames.AuxiliaryVariables) : null));
        }

        return history;
    }

    private static async Task<List<NodeMetric>> ReadMetricsAsync(CheckpointFiles files, string jobId, CancellationToken cancellationToken)
    {
        List<NodeMetric> metrics = [];
        await foreach (MetricDocument line in LinesOf(files, CheckpointFileNames.Metrics, CheckpointJson.Default.MetricDocument, cancellationToken).ConfigureAwait(false))
        {
            metrics.Add(MetricLines.Read(line, jobId));
        }

        return metrics;
    }

    private static async IAsyncEnumerable<T> LinesOf<T>(
        CheckpointFiles files, string name, JsonTypeInfo<T> type, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stream = new FileStream(files.Require(name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.Asynchronous);
        if (stream.Length > MostLineFileBytes)
        {
            throw files.Invalid($"holds a '{name}' of {stream.Length} bytes; at most {MostLineFileBytes} are allowed");
        }

        await foreach (T? line in JsonSerializer.DeserializeAsyncEnumerable(stream, type, topLevelValues: true, cancellationToken).ConfigureAwait(false))
        {
            yield return line ?? throw files.Invalid($"has an empty line in '{name}'");
        }
    }
}

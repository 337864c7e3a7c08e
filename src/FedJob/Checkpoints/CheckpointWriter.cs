using System.Text.Json;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using Microsoft.Extensions.Logging;

namespace FedJob.Checkpoints;

/// <summary>Writes the state of a job as a checkpoint.</summary>
internal static class CheckpointWriter
{
    /// <summary>Writes a checkpoint: it is there whole, or not at all.</summary>
    /// <param name="directory">Its directory; it must not exist.</param>
    /// <param name="state">What it holds.</param>
    /// <param name="savedAt">The time, for people.</param>
    /// <param name="logger">Where each file is logged.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left behind.</param>
    /// <returns>The full path of the directory.</returns>
    /// <exception cref="FedJob.Abstractions.FedJobException">The directory exists or cannot be written.</exception>
    public static Task<string> WriteAsync(string directory, JobState state, DateTimeOffset savedAt, ILogger logger, CancellationToken cancellationToken) =>
        Task.Run(() => WriteHereAsync(directory, state, savedAt, logger, cancellationToken), cancellationToken); // flushing to the disk has no asynchronous form

    private static async Task<string> WriteHereAsync(string directory, JobState state, DateTimeOffset savedAt, ILogger logger, CancellationToken cancellationToken)
    {
        using var draft = CheckpointDraft.Begin(directory, logger);
        try
        {
            string plan = CheckpointFileNames.PlanWith(state.TrainingPlanExtension);
            draft.AddBytes(plan, state.TrainingPlan.Span);
            await draft.AddCopyAsync(CheckpointFileNames.Parameters, state.ParametersPath, cancellationToken).ConfigureAwait(false);
            if (state.Loop.BestParametersPath is { } best && best != state.ParametersPath)
            {
                await draft.AddCopyAsync(CheckpointFileNames.BestParameters, best, cancellationToken).ConfigureAwait(false);
            }

            if (state.AuxiliaryVariablesPath is { } auxiliaryVariables)
            {
                await draft.AddCopyAsync(CheckpointFileNames.AuxiliaryVariables, auxiliaryVariables, cancellationToken).ConfigureAwait(false);
            }

            await AddValuesAsync(draft, CheckpointFileNames.AggregatorState, state.AggregatorState, cancellationToken).ConfigureAwait(false);
            await AddValuesAsync(draft, CheckpointFileNames.SamplerState, state.SamplerState, cancellationToken).ConfigureAwait(false);
            IReadOnlyDictionary<string, string>? replies = await AddRepliesAsync(draft, state.ReplyFiles, cancellationToken).ConfigureAwait(false);
            draft.AddLines(CheckpointFileNames.History, Rounds(state), CheckpointJson.Default.RoundDocument, cancellationToken);
            draft.AddLines(CheckpointFileNames.Metrics, state.Metrics.Select(MetricLines.Write), CheckpointJson.Default.MetricDocument, cancellationToken);
            draft.AddBytes(CheckpointFileNames.State, JsonSerializer.SerializeToUtf8Bytes(Document(state, plan, replies), CheckpointJson.Default.StateDocument));
            cancellationToken.ThrowIfCancellationRequested();
            return draft.Commit(files => new CheckpointManifest
            {
                Format = CheckpointManifest.FormatName,
                Version = CheckpointManifest.CurrentVersion,
                SavedAt = savedAt,
                JobId = state.JobId,
                Round = state.Round,
                TrainingPlanClass = state.TrainingPlanClass,
                Files = files,
            });
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CheckpointDraft.Failed(directory, failure);
        }
    }

    private static Task AddValuesAsync(CheckpointDraft draft, string name, ParameterMap values, CancellationToken cancellationToken) =>
        values.Count == 0 ? Task.CompletedTask : draft.AddValuesAsync(name, values, cancellationToken);

    private static async Task<SortedDictionary<string, string>?> AddRepliesAsync(
        CheckpointDraft draft, IReadOnlyDictionary<string, string> replies, CancellationToken cancellationToken)
    {
        if (replies.Count == 0)
        {
            return null;
        }

        var names = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string nodeId, string path) in replies.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            names[nodeId] = CheckpointFileNames.ReplyAt(names.Count);
            await draft.AddCopyAsync(names[nodeId], path, cancellationToken).ConfigureAwait(false);
        }

        return names;
    }

    /// <summary>The state as a document; its files are named without a path.</summary>
    public static StateDocument Document(JobState state, string plan, IReadOnlyDictionary<string, string>? replies)
    {
        using JsonDocument trainingArgs = JsonDocument.Parse(TrainingArgsJson.Write(state.TrainingArgs));
        return new StateDocument
        {
            JobId = state.JobId,
            Round = state.Round,
            TrainingPlanFile = plan,
            TrainingPlanClass = state.TrainingPlanClass,
            TrainingArgs = trainingArgs.RootElement.Clone(),
            ModelArgs = state.ModelArgs,
            Seed = state.Seed,
            Data = state.Data.Datasets,
            NodeStates = state.StateIds,
            ParametersName = NameOf(state.ParametersPath),
            Aggregator = state.AggregatorName,
            Sampler = state.SamplerName,
            ReplyFiles = replies,
            Loop = LoopLines.Write(state.Loop),
        };
    }

    private static IEnumerable<RoundDocument> Rounds(JobState state) => state.History.Select(r => HistoryLines.Write(
        r, NameOf(r.ParametersPath), r.AuxiliaryVariablesPath is not null && r.AuxiliaryVariablesPath == state.AuxiliaryVariablesPath));

    /// <summary>The bare name of a file: no path of this machine leaves it.</summary>
    public static string NameOf(string path)
    {
        string name = string.Concat(Path.GetFileName(path).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '_'));
        return Identifier.IsValid(name) ? name : CheckpointFileNames.Parameters;
    }
}

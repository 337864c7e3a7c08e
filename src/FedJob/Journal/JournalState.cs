using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Rounds;

namespace FedJob.Journal;

/// <summary>What a journal holds as the state of a job; the files it names are checked to be those that were written.</summary>
internal static class JournalState
{
    /// <summary>The state; its values may be views of files until it is disposed.</summary>
    /// <exception cref="JournalException">A file is missing or is not the one that was written.</exception>
    public static async Task<StoredJob> ReadAsync(string directory, JournalledJob journalled, CancellationToken cancellationToken)
    {
        ParameterFile? aggregator = null;
        ParameterFile? sampler = null;
        try
        {
            JobState state = await StateAsync(directory, journalled, cancellationToken).ConfigureAwait(false);
            (aggregator, ParameterMap aggregatorState) = OpenValues(directory, journalled.Job.AggregatorState);
            (sampler, ParameterMap samplerState) = OpenValues(directory, journalled.Job.SamplerState);
            return new StoredJob(state with { AggregatorState = aggregatorState, SamplerState = samplerState }, aggregator, sampler);
        }
        catch (Exception malformed) when (malformed is IOException or UnauthorizedAccessException or JsonException or FormatException or ArgumentException
            or MessageFormatException or ParameterFormatException or FedJobException { Code: FedJobErrorCode.LocalFileFailed })
        {
            aggregator?.Dispose();
            sampler?.Dispose();
            throw JournalSchema.Damaged(Path.Combine(directory, JournalWriter.FileName), $"it does not fit the files beside it: {malformed.Message}", malformed);
        }
    }

    private static async Task<JobState> StateAsync(string directory, JournalledJob journalled, CancellationToken cancellationToken)
    {
        StateDocument document = journalled.Job.Document;
        RoundDocument? telling = journalled.History.LastOrDefault(h => h.AuxiliaryVariables); // the files of earlier rounds went with the next
        string parameters = Existing(directory, document.ParametersName);
        FileDigest expected = journalled.Job.ParametersDigest;
        if (await FileDigest.ComputeAsync(parameters, expected.Algorithm, cancellationToken).ConfigureAwait(false) != expected)
        {
            throw new FormatException($"'{document.ParametersName}' is not the file that was written ({expected})");
        }

        AggregatedParametersFile.Open(parameters).Dispose();
        string? auxiliaryVariables = journalled.Job.AuxiliaryVariables is { } name ? Existing(directory, name) : null;
        ReceivedAuxiliaryVariables.Open(auxiliaryVariables).Dispose();
        return new JobState
        {
            JobId = Identifier.Check(document.JobId),
            Round = document.Round >= 0 ? document.Round : throw new FormatException($"the round is {document.Round}"),
            TrainingPlan = await File.ReadAllBytesAsync(Existing(directory, document.TrainingPlanFile), cancellationToken).ConfigureAwait(false),
            TrainingPlanExtension = Path.GetExtension(document.TrainingPlanFile),
            TrainingPlanClass = document.TrainingPlanClass,
            TrainingArgs = CheckpointReader.ReadArgs(document.TrainingArgs),
            ModelArgs = document.ModelArgs,
            Data = new FederatedDataset(document.Data),
            Seed = document.Seed,
            StateIds = document.NodeStates.ToDictionary(s => Identifier.Check(s.Key), s => Identifier.Check(s.Value), StringComparer.Ordinal),
            ParametersPath = parameters,
            AuxiliaryVariablesPath = auxiliaryVariables,
            ReplyFiles = (document.ReplyFiles ?? new Dictionary<string, string>(StringComparer.Ordinal))
                .ToDictionary(r => Identifier.Check(r.Key), r => Kept(directory, r.Value), StringComparer.Ordinal),
            History = [.. journalled.History.Select(line => HistoryLines.Read(
                line, Path.Combine(directory, JournalEntries.Bare(line.ParametersName)), ReferenceEquals(line, telling) ? auxiliaryVariables : null))],
            Metrics = journalled.Metrics,
            AggregatorName = document.Aggregator,
            SamplerName = document.Sampler,
            Loop = LoopLines.Read(document.Loop, journalled.Job.BestParameters is { } best ? Existing(directory, best) : parameters),
        };
    }

    private static (ParameterFile? File, ParameterMap Values) OpenValues(string directory, string? name)
    {
        if (name is null)
        {
            return (null, ParameterMap.Empty);
        }

        ParameterFile file = ParameterFileReader.Open(Existing(directory, name));
        if (file.Value is ParameterMap values)
        {
            return (file, values);
        }

        file.Dispose();
        throw new FormatException($"'{name}' is no map of values");
    }

    private static string Existing(string directory, string name)
    {
        string path = Path.Combine(directory, JournalEntries.Bare(name));
        return File.Exists(path) ? path : throw new FormatException($"'{name}' is missing");
    }

    /// <summary>A kept reply file lies in its round's folder.</summary>
    private static string Kept(string directory, string name) => name.Split('/') is [var folder, var file]
        ? Path.Combine(directory, JournalEntries.Bare(folder), JournalEntries.Bare(file))
        : throw new FormatException($"'{name}' is no file of a round");
}

using FedJob.Checkpoints;
using FedJob.Journal;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <content>Going on with a job in its own directory, after its process was ended at whatever moment.</content>
public sealed partial class Job
{
    private static async Task<Job> ReopenAsync(
        IRequests requests,
        IRepository repository,
        string path,
        ResumeOptions resume,
        ILoggerFactory loggers,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        if (resume.WorkDirectory is { } other && Path.GetFullPath(other) != path)
        {
            throw new ArgumentException(
                $"'{path}' holds the journal of a job, which goes on where it lies, and ResumeOptions.WorkDirectory is '{other}'; leave that null, or set AsBranch for another job.");
        }

        ILogger<Job> logger = loggers.CreateLogger<Job>();
        JobDirectory directory = JobDirectory.Take(path, logger);
        JobJournal? journal = null;
        try
        {
            JournalledJob journalled = JournalReader.Read(path);
            using StoredJob stored = await JournalState.ReadAsync(path, journalled, cancellationToken).ConfigureAwait(false);
            JobState state = stored.State;
            JobOptions options = OptionsOf(state, resume, path);
            RestoreRules(state, resume);
            JobStart start = await JobStart.ReopenAsync(requests.ResearcherId, repository, state, journalled.Job, options, path, cancellationToken).ConfigureAwait(false);
            journal = JobJournal.Continue(path, journalled.Open, options.MetricCapacity, loggers.CreateLogger<JobJournal>());
            JobFiles.RemoveOrphans(path, journalled, logger);
            var job = new Job(requests, repository, options, directory, start, journal, loggers, timeProvider);
            job.GoOn(state, journalled.Job, resume);
            return job;
        }
        catch
        {
            if (journal is not null)
            {
                await journal.DisposeAsync().ConfigureAwait(false);
            }

            directory.Dispose();
            throw;
        }
    }

    private void GoOn(JobState state, JobRow row, ResumeOptions resume)
    {
        Round = state.Round;
        NodeStates.Commit(state.StateIds.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        foreach (NodeMetric metric in state.Metrics)
        {
            Metrics.Add(metric);
        }

        foreach (RoundResult result in state.History)
        {
            _history.Enqueue(result);
        }

        (_auxiliaryVariablesPath, ReplyFiles) = (state.AuxiliaryVariablesPath, state.ReplyFiles);
        (_aggregatorStateFile, _samplerStateFile) = (row.AggregatorState, row.SamplerState);
        _loop = state.Loop;
        (_lastAggregator, _lastSampler) = (resume.Aggregator, resume.Sampler);
        _isChanged = resume.Data is not null;
        _runner.Strangers = Nodes;
        OpenRound? open = _journal.Open;
        LogReopened(Id, Round, open?.Replies.Count ?? 0, open?.Participants.Count ?? 0);
    }

    /// <summary>Writes what a job was taken up with into its own journal, so that it can be resumed from there.</summary>
    private async Task KeepTakenUpAsync(JobState state)
    {
        _aggregatorStateFile = await WriteStateAsync(JobFiles.AggregatorState, $"The rule {_lastAggregator.Name}", _lastAggregator.SaveState, []).ConfigureAwait(false);
        _samplerStateFile = await WriteStateAsync(JobFiles.SamplerState, $"The sampler {_lastSampler.GetType().Name}", _lastSampler.SaveState, []).ConfigureAwait(false);
        await _journal.TakeUpAsync(
            RowOf(Capture(), _parameters, _aggregatorStateFile, _samplerStateFile),
            [.. History.Select(r => HistoryLines.Write(
                r, CheckpointWriter.NameOf(r.ParametersPath), r.AuxiliaryVariablesPath is not null && r.AuxiliaryVariablesPath == _auxiliaryVariablesPath))],
            [.. state.Metrics]).ConfigureAwait(false);
    }

    [LoggerMessage(1007, LogLevel.Information,
        "Job {JobId} goes on before round {Round}; of a round that was open {Replies} of {Participants} replies are here")]
    private partial void LogReopened(string jobId, int round, int replies, int participants);
}

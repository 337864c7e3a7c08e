using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Journal;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using FedJob.Rounds;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <content>Taking up a job that was saved.</content>
public sealed partial class Job
{
    /// <summary>Takes up a job from a checkpoint; see <see cref="FedJobClient.ResumeJobAsync"/>.</summary>
    /// <param name="requests">What nodes are asked with.</param>
    /// <param name="repository">Where files travel through.</param>
    /// <param name="directory">The checkpoint; it is only read.</param>
    /// <param name="options">What no file may decide. Default: the defaults of <see cref="ResumeOptions"/>.</param>
    /// <param name="loggers">Where the job logs.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Ends the call; nothing is left behind.</param>
    /// <returns>The job, before its next round.</returns>
    /// <exception cref="CheckpointException">The checkpoint is damaged, incomplete, of another version, or none.</exception>
    /// <exception cref="ArgumentException">An option is not allowed, or rule or sampler are not those whose state the checkpoint holds.</exception>
    /// <exception cref="TrainingPlanException">The plan given is not the checkpoint's, or cannot be found, loaded or run.</exception>
    /// <exception cref="FedJobException">A file could not be read, or rule or sampler could not take up their state.</exception>
    public static async Task<Job> ResumeAsync(
        IRequests requests,
        IRepository repository,
        string directory,
        ResumeOptions? options,
        ILoggerFactory loggers,
        TimeProvider timeProvider,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        ArgumentNullException.ThrowIfNull(loggers);
        ArgumentNullException.ThrowIfNull(timeProvider);
        string full = Path.GetFullPath(directory);
        ResumeOptions resume = options ?? new ResumeOptions();
        resume.Validate();
        if (!JournalReader.IsIn(full))
        {
            using StoredJob stored = await StoredJobs.ReadAsync(full, cancellationToken).ConfigureAwait(false);
            return await RestoreAsync(requests, repository, stored.State, resume, loggers, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        if (resume.AsBranch)
        {
            using StoredJob stored = await JournalState.ReadAsync(full, JournalReader.Read(full), cancellationToken).ConfigureAwait(false);
            return await RestoreAsync(requests, repository, stored.State, resume, loggers, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        return await ReopenAsync(requests, repository, full, resume, loggers, timeProvider, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes up the job of a state.</summary>
    private static async Task<Job> RestoreAsync(
        IRequests requests,
        IRepository repository,
        JobState state,
        ResumeOptions resume,
        ILoggerFactory loggers,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        JobOptions options = OptionsOf(state, resume, resume.WorkDirectory);
        RestoreRules(state, resume);
        JobDirectory directory = JobDirectory.Create(options.WorkDirectory, loggers.CreateLogger<Job>());
        try
        {
            JobStart start = await JobStart.RestoreAsync(
                requests.ResearcherId, repository, state, options, resume.AsBranch, directory, loggers, cancellationToken).ConfigureAwait(false);
            Job job = await BeginAsync(requests, repository, options, directory, start, loggers, timeProvider).ConfigureAwait(false);
            try
            {
                job.TakeUp(state, resume.AsBranch);
                await job.KeepTakenUpAsync(state).ConfigureAwait(false);
            }
            catch
            {
                await job.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            job.LogResumed(job.Id, job.Round, job.Nodes.Count);
            foreach (string problem in state.Problems)
            {
                job.LogProblem(job.Id, problem);
            }

            return job;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    private static JobOptions OptionsOf(JobState state, ResumeOptions resume, string? directory)
    {
        var options = new JobOptions
        {
            TrainingPlan = resume.TrainingPlan ?? new StoredPlanSource(state.TrainingPlan, state.TrainingPlanExtension, state.TrainingPlanClass),
            Data = resume.Data ?? state.Data,
            TrainingArgs = state.TrainingArgs,
            ModelArgs = state.ModelArgs,
            Seed = state.Seed,
            Aggregator = resume.Aggregator,
            Sampler = resume.Sampler,
            SecureAggregation = resume.SecureAggregation,
            RoundPolicy = resume.RoundPolicy,
            MetricCapacity = resume.MetricCapacity,
            KeepReplyFiles = resume.KeepReplyFiles,
            MaxDegreeOfParallelism = resume.MaxDegreeOfParallelism,
            WorkDirectory = directory,
        };
        options.Validate();
        return options;
    }

    private static void RestoreRules(JobState state, ResumeOptions resume)
    {
        if (state.AggregatorName is not null && state.AggregatorState.Count > 0 && state.AggregatorName != resume.Aggregator.Name)
        {
            throw new ArgumentException(
                $"The checkpoint holds the state of the rule {state.AggregatorName}, and ResumeOptions.Aggregator is {resume.Aggregator.Name}; give the same rule to go on.");
        }

        string sampler = resume.Sampler.GetType().Name;
        if (state.SamplerName is not null && state.SamplerState.Count > 0 && state.SamplerName != sampler)
        {
            throw new ArgumentException(
                $"The checkpoint holds the state of the sampler {state.SamplerName}, and ResumeOptions.Sampler is {sampler}; give the same sampler to go on.");
        }

        Extend(state.JobId, $"The rule {resume.Aggregator.Name} could not take up its state", () => resume.Aggregator.RestoreState(state.AggregatorState));
        Extend(state.JobId, $"The sampler {sampler} could not take up its state", () => resume.Sampler.RestoreState(state.SamplerState));
    }

    private void TakeUp(JobState state, bool asBranch)
    {
        Round = state.Round;
        _runner.Strangers = Nodes;
        if (!asBranch)
        {
            NodeStates.Commit(state.StateIds.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        }

        foreach (NodeMetric metric in state.Metrics)
        {
            Metrics.Add(metric with { Message = metric.Message with { JobId = Id } });
        }

        if (state.AuxiliaryVariablesPath is { } path)
        {
            _auxiliaryVariablesPath = CopyIn(path, $"auxiliary_variables_received_{Guid.NewGuid():D}.mpk");
        }

        TakeUpLoop(state);
        foreach (RoundResult result in state.History)
        {
            _history.Enqueue(Here(result, state));
        }
    }

    /// <summary>A round of before, its files where they are for this job: what it starts from is its own copy, others lie where its directory had them.</summary>
    private RoundResult Here(RoundResult result, JobState state) => result with
    {
        ParametersPath = result.ParametersPath == state.ParametersPath ? _parameters.Path : Path.Combine(_directory.Path, result.ParametersPath),
        ParametersUrl = result.ParametersPath == state.ParametersPath ? _parameters.Url : result.ParametersUrl,
        AuxiliaryVariablesPath = result.AuxiliaryVariablesPath is not null && result.AuxiliaryVariablesPath == state.AuxiliaryVariablesPath ? _auxiliaryVariablesPath : null,
    };

    private string CopyIn(string path, string name)
    {
        string copy = Path.Combine(_directory.Path, name);
        try
        {
            File.Copy(path, copy);
            return copy;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(FedJobErrorCode.LocalFileFailed, $"'{path}' cannot be copied to '{copy}': {failure.Message}", failure) { JobId = Id };
        }
    }

    [LoggerMessage(1005, LogLevel.Information, "Job {JobId} taken up before round {Round} on {Nodes} node(s)")]
    private partial void LogResumed(string jobId, int round, int nodes);

    [LoggerMessage(1008, LogLevel.Warning, "Job {JobId} was taken up from a breakpoint with a problem: {Problem}")]
    private partial void LogProblem(string jobId, string problem);
}

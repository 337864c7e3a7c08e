using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Protocol.Parameters;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <content>What of a job outlives its process: checkpoints.</content>
public sealed partial class Job
{
    /// <summary>
    /// Saves the job as it stands between two rounds: a directory of its own, complete, checksummed, flushed to the disk and free of paths, so that it can be
    /// copied anywhere. It appears under its name only when it is whole. <see cref="FedJobClient.ResumeJobAsync"/> goes on from it.
    /// </summary>
    /// <param name="directory">The checkpoint's directory, e.g. <c>checkpoints/round-0003</c>. It must not exist; folders above it are made.</param>
    /// <param name="options">What it holds beside what the job needs. Default: nothing.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left behind.</param>
    /// <returns>The full path of the directory.</returns>
    /// <exception cref="FedJobException">The directory exists or cannot be written (<see cref="FedJobErrorCode.LocalFileFailed"/>), reply files are wanted that the
    /// job does not keep (<see cref="FedJobErrorCode.OptionsInvalid"/>), or rule or sampler threw (<see cref="FedJobErrorCode.ExtensionFailed"/>).</exception>
    /// <exception cref="InvalidOperationException">A round of this job is running.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public Task<string> SaveCheckpointAsync(string directory, CheckpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        ThrowIfDisposed();
        bool includeReplyFiles = options?.IncludeReplyFiles ?? false;
        if (includeReplyFiles && !_keepReplyFiles)
        {
            throw new FedJobException(
                FedJobErrorCode.OptionsInvalid,
                "CheckpointOptions.IncludeReplyFiles is set, and the nodes' files of a round are removed at its end; make or resume the job with KeepReplyFiles.")
            { JobId = Id };
        }

        return _gate.RunAsync(stop => SaveAsync(directory, includeReplyFiles, stop), cancellationToken);
    }

    /// <summary>Calls what the caller gave; what it throws is told as its own.</summary>
    private static void Extend(string jobId, string what, Action call, int? round = null)
    {
        try
        {
            call();
        }
        catch (Exception thrown) when (thrown is not FedJobException)
        {
            throw new FedJobException(FedJobErrorCode.ExtensionFailed, $"{what}: it threw {thrown.GetType().Name}: {thrown.Message}", thrown) { JobId = jobId, Round = round };
        }
    }

    private async Task<string> SaveAsync(string directory, bool includeReplyFiles, CancellationToken cancellationToken)
    {
        (ParameterMap aggregatorState, ParameterMap samplerState) = (ParameterMap.Empty, ParameterMap.Empty);
        Extend(Id, $"The rule {_lastAggregator.Name} could not save its state", () => aggregatorState = _lastAggregator.SaveState() ?? ParameterMap.Empty);
        Extend(Id, $"The sampler {_lastSampler.GetType().Name} could not save its state", () => samplerState = _lastSampler.SaveState() ?? ParameterMap.Empty);
        JobState state = Capture() with
        {
            TrainingPlan = await File.ReadAllBytesAsync(TrainingPlanFile, cancellationToken).ConfigureAwait(false),
            ReplyFiles = includeReplyFiles ? ReplyFiles : new Dictionary<string, string>(StringComparer.Ordinal),
            History = History,
            Metrics = Metrics.Query(),
            AggregatorState = aggregatorState,
            SamplerState = samplerState,
        };
        string saved = await CheckpointWriter.WriteAsync(directory, state, _timeProvider.GetUtcNow(), _logger, cancellationToken).ConfigureAwait(false);
        LogSaved(Id, Round, saved);
        return saved;
    }

    /// <summary>The job as it stands between two rounds, without its plan's bytes, its history, its metrics, and what rule and sampler remember.</summary>
    private JobState Capture() => new()
    {
        JobId = Id,
        Round = Round,
        TrainingPlan = default,
        TrainingPlanExtension = Path.GetExtension(TrainingPlanFile),
        TrainingPlanClass = TrainingPlanName,
        TrainingArgs = _trainingArgs,
        ModelArgs = _modelArgs,
        Data = Data,
        Seed = _seed,
        StateIds = NodeStates.States,
        ParametersPath = _parameters.Path,
        AuxiliaryVariablesPath = _auxiliaryVariablesPath,
        ReplyFiles = ReplyFiles,
        AggregatorName = _lastAggregator.Name,
        SamplerName = _lastSampler.GetType().Name,
        Loop = _loop,
    };

    [LoggerMessage(1006, LogLevel.Information, "Job {JobId} saved before round {Round} as {Directory}")]
    private partial void LogSaved(string jobId, int round, string directory);
}

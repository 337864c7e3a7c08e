using System.Globalization;
using FedJob.Abstractions;
using FedJob.Node.State;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// One train request from its plan's download to its reply. A failure is an answer too; only stopping the node ends a run without one.
/// </summary>
internal sealed partial class TrainRun
{
    private readonly StateDirectory _directory;
    private readonly NodeStateStore _states;
    private readonly PlanStore _plans;
    private readonly IRepository _repository;
    private readonly PlanUnloader _unloader;
    private readonly ReplyPublisher _publisher;
    private readonly TimeSpan _maximumTime;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Makes a run, to be used for one request after another.</summary>
    public TrainRun(
        StateDirectory directory,
        NodeStateStore states,
        PlanStore plans,
        IRepository repository,
        PlanUnloader unloader,
        ReplyPublisher publisher,
        TimeSpan maximumTime,
        TimeProvider timeProvider,
        ILogger logger)
    {
        (_directory, _states, _plans, _repository, _unloader) = (directory, states, plans, repository, unloader);
        (_publisher, _maximumTime, _timeProvider, _logger) = (publisher, maximumTime, timeProvider, logger);
    }

    /// <summary>Runs a request; its metrics and log lines are out when this returns.</summary>
    /// <param name="task">The request.</param>
    /// <param name="stopping">Cancelled when the node stops.</param>
    /// <returns>The reply, good or bad.</returns>
    /// <exception cref="OperationCanceledException">The node stops.</exception>
    public async Task<TrainAnswer> RunAsync(TrainTask task, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(_maximumTime, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        var reports = new RunReports(_publisher, task, _timeProvider, _logger);
        await using (reports.ConfigureAwait(false))
        {
            long begun = _timeProvider.GetTimestamp();
            LogBegun(_logger, task.Request.Round, task.Request.JobId, task.RequestId);
            try
            {
                TrainAnswer answer = await TrainAsync(task, reports, either.Token).ConfigureAwait(false);
                LogEnded(_logger, task.Request.Round, task.Request.JobId, _timeProvider.GetElapsedTime(begun));
                return answer;
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
                return Fail(
                    task, string.Create(
                        CultureInfo.InvariantCulture, $"The request took longer than this node allows ({_maximumTime:c})."));
            }
            catch (FedJobException e)
            {
                return Fail(task, e.Message);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return Fail(task, $"The node could not read or write a file of its own: {e.Message}");
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A defect of the node's: its owner gets the details, the researcher an answer.
                LogDefect(_logger, task.Request.Round, task.Request.JobId, e);
                return Fail(task, $"The node failed for a reason of its own ({e.GetType().Name}); its owner finds it in its log.");
            }
        }
    }

    private async Task<TrainAnswer> TrainAsync(TrainTask task, RunReports reports, CancellationToken cancellationToken)
    {
        TrainRequest request = task.Request;
        TrainRules.Check(request);
        using WorkFolder work = _directory.CreateWorkFolder();
        PlanBundle bundle = await _plans.GetApprovedAsync(task, work, cancellationToken).ConfigureAwait(false);
        string? previousState = FindState(request);
        await DownloadParametersAsync(task, work, cancellationToken).ConfigureAwait(false);
        using ModelParameters global = AggregatedParametersFile.Open(work.GlobalParameters);
        using AggregatorFiles rule = await AggregatorFiles.OpenAsync(
            request.Training ? request.AggregatorArgs : [], _repository, work, cancellationToken).ConfigureAwait(false);
        var input = new SessionInput
        {
            Task = task,
            NodeId = _publisher.NodeId,
            Bundle = bundle,
            Global = global,
            AggregatorTensors = rule.Tensors,
            Split = SampleSplit.Make(task.Dataset.Dataset.Data.SampleCount, request.TrainingArgs.TestRatio, RunSeeds.Split(request)),
            PreviousState = previousState,
            NewStateId = NodeStateStore.NewStateId(),
            Files = work,
        };
        long begun = _timeProvider.GetTimestamp();
        SessionResult? result =
            await new PlanSession(input, reports, _unloader, _timeProvider).RunAsync(cancellationToken).ConfigureAwait(false);
        LogPlanRun(_logger, request.Round, request.JobId, _timeProvider.GetElapsedTime(begun).TotalMilliseconds);
        if (result is null)
        {
            return new TrainAnswer(Succeeded(task), null);
        }

        UploadedFile uploaded = await _repository
            .UploadAsync(work.NodeParameters, $"node_params_{Guid.NewGuid():D}.mpk", cancellationToken).ConfigureAwait(false);
        _states.Commit(request.JobId, input.NewStateId, work.PlanState);
        TrainReply reply = Succeeded(task) with
        {
            StateId = input.NewStateId,
            ParametersUrl = uploaded.Url.AbsoluteUri,
            Timing = result.Timing,
            SampleCount = result.SampleCount,
        };
        return new TrainAnswer(reply, uploaded.Digest);
    }

    /// <summary>A validation's reply, and the beginning of a training's.</summary>
    private TrainReply Succeeded(TrainTask task) => new()
    {
        ResearcherId = task.Request.ResearcherId,
        JobId = task.Request.JobId,
        NodeId = _publisher.NodeId,
        Success = true,
        DatasetId = task.Dataset.Id,
        ParametersUrl = "",
        Text = "",
    };

    private string? FindState(TrainRequest request) => request.StateId is null
        ? null
        : _states.Find(
            request.JobId, request.StateId) ?? throw new FedJobException(FedJobErrorCode.MessageInvalid, NodeErrors.UnknownState);

    private Task<DownloadedFile> DownloadParametersAsync(TrainTask task, WorkFolder work, CancellationToken cancellationToken) =>
        _repository.DownloadAsync(
        new DownloadRequest
        {
            Url = TrainRules.ReadUrl("params_url", task.Request.ParametersUrl),
            DestinationPath = work.GlobalParameters,
            ExpectedDigest = task.ParametersDigest,
        },
        cancellationToken);

    private TrainAnswer Fail(TrainTask task, string reason)
    {
        string text =
            WireText.Clean(reason, _directory.Root, task.Dataset.Dataset.SourcePath, (task.Dataset.Dataset.Data as FileDataset)?.Path);
        LogFailed(_logger, task.Request.Round, task.Request.JobId, text);
        return TrainFailure.Answer(task, _publisher.NodeId, text);
    }

    [LoggerMessage(1430, LogLevel.Information, "Round {Round} of job {Job} begins (request {Request})")]
    private static partial void LogBegun(ILogger logger, int round, string job, string? request);

    [LoggerMessage(1431, LogLevel.Information, "Round {Round} of job {Job} ended after {Elapsed}")]
    private static partial void LogEnded(ILogger logger, int round, string job, TimeSpan elapsed);

    [LoggerMessage(1432, LogLevel.Warning, "Round {Round} of job {Job} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, int round, string job, string reason);

    [LoggerMessage(1433, LogLevel.Error, "Round {Round} of job {Job} failed by a defect of the node")]
    private static partial void LogDefect(ILogger logger, int round, string job, Exception exception);

    [LoggerMessage(1434, LogLevel.Debug, "The plan of round {Round} of job {Job} was loaded and run in {Milliseconds} ms")]
    private static partial void LogPlanRun(ILogger logger, int round, string job, double milliseconds);
}

using FedJob.Abstractions;
using FedJob.Node.State;
using FedJob.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>Runs queued train requests one at a time, keeps each reply, then publishes it.</summary>
internal sealed partial class TrainWorker
{
    private readonly TrainQueue _queue;
    private readonly TrainRun _run;
    private readonly FinishedReplies _finished;
    private readonly ReplyPublisher _publisher;
    private readonly ILogger _logger;

    /// <summary>Makes a worker; it takes nothing before it is run.</summary>
    public TrainWorker(TrainQueue queue, TrainRun run, FinishedReplies finished, ReplyPublisher publisher, ILogger logger) =>
        (_queue, _run, _finished, _publisher, _logger) = (queue, run, finished, publisher, logger);

    /// <summary>
    /// Works until it is told to stop; a request that runs then is cancelled and its researcher told that the node goes down.
    /// </summary>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>A task that ends with the work.</returns>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (TrainTask task in _queue.Waiting.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await AnswerAsync(task, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping is the way this ends.
        }
    }

    private async Task AnswerAsync(TrainTask task, CancellationToken cancellationToken)
    {
        try
        {
            TrainAnswer answer = await _run.RunAsync(task, cancellationToken).ConfigureAwait(false);
            KeptReply reply = ReplyPublisher.Prepare(answer, task.RequestId);
            if (task.Key is not null)
            {
                await _finished.KeepAsync(task.Key, reply, cancellationToken).ConfigureAwait(false);
            }

            await _publisher.PublishReplyAsync(reply, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SayStoppedAsync(task).ConfigureAwait(false);
            throw;
        }
        catch (Exception e)
        {
            // A defect here must not end the node's work for everybody else.
            LogWorkFailed(_logger, task.Request.JobId, task.Request.Round, e);
        }
        finally
        {
            _queue.Release(task.Key);
        }
    }

    private async Task SayStoppedAsync(TrainTask task)
    {
        var error = new ErrorReply
        {
            ResearcherId = task.Request.ResearcherId,
            NodeId = _publisher.NodeId,
            ErrorNumber = NodeErrors.Stopped,
            ExtraText = "The node was stopped while the request ran; ask again when it is back.",
        };
        try
        {
            // The link bounds the wait, and so does the node that stops.
            await _publisher.PublishAsync(error, task.RequestId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (FedJobException e)
        {
            LogStopUnsaid(_logger, task.Request.JobId, e.Message);
        }
    }

    [LoggerMessage(1410, LogLevel.Error, "Round {Round} of job {Job} could not be answered")]
    private static partial void LogWorkFailed(ILogger logger, string job, int round, Exception exception);

    [LoggerMessage(1411, LogLevel.Warning, "The researcher of job {Job} could not be told that the node stops: {Reason}")]
    private static partial void LogStopUnsaid(ILogger logger, string job, string reason);
}

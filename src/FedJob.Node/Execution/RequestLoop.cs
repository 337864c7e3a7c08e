using System.Numerics;
using System.Threading.Channels;
using FedJob.Node.Datasets;
using FedJob.Node.State;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// Reads what researchers ask, on the topic of all nodes and on the node's own. Everything but training is answered at once; train requests
/// are checked
/// and queued. Nothing that arrives stops the loop.
/// </summary>
internal sealed partial class RequestLoop
{
    private readonly IMqttLink _link;
    private readonly ReplyPublisher _publisher;
    private readonly DatasetRegistry _datasets;
    private readonly ApprovalDesk _desk;
    private readonly TrainQueue _queue;
    private readonly FinishedReplies _finished;
    private readonly ILogger _logger;
    private long _refusedCount;

    /// <summary>Makes a loop; it reads nothing before it is run.</summary>
    public RequestLoop(
        IMqttLink link,
        ReplyPublisher publisher,
        DatasetRegistry datasets,
        ApprovalDesk desk,
        TrainQueue queue,
        FinishedReplies finished,
        ILogger logger)
    {
        (_link, _publisher, _datasets, _desk) = (link, publisher, datasets, desk);
        (_queue, _finished, _logger) = (queue, finished, logger);
    }

    /// <summary>Reads until the link closes for good.</summary>
    /// <param name="cancellationToken">Ends the loop.</param>
    /// <returns>A task that ends with the loop.</returns>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        ReadAsync(_link.GetMessages(Topics.AllNodes), cancellationToken),
        ReadAsync(_link.GetMessages(Topics.Node(_publisher.NodeId)), cancellationToken));

    private async Task ReadAsync(ChannelReader<InboundMessage> messages, CancellationToken cancellationToken)
    {
        await foreach (InboundMessage message in messages.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await HandleAsync(message, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // Whatever one message leads to, the next one is read.
                LogMessageFailed(_logger, message.Topic, message.Payload.Length, e);
            }
        }
    }

    private async Task HandleAsync(InboundMessage message, CancellationToken cancellationToken)
    {
        if (!MessageReader.TryReadFromResearcher(message.Payload, out ResearcherRequest? request, out string? rejection))
        {
            await RefuseAsync(ResearcherOf.Payload(message.Payload), message, rejection, cancellationToken).ConfigureAwait(false);
            return;
        }

        LogReceived(_logger, request.Command, request.ResearcherId);
        NodeMessage? reply = request switch
        {
            PingRequest ping => new PongReply
            {
                ResearcherId =
                ping.ResearcherId,
                NodeId = _publisher.NodeId,
                Success = true,
                Sequence = ping.Sequence
            },
            SearchRequest search => Answer(search),
            ListRequest list => Answer(list),
            ApprovalRequest or TrainingPlanStatusRequest => _desk.Take(request, RequestIdOf(message)),
            SecaggRequest secagg => Refuse(secagg),
            SecaggDeleteRequest secagg => Refuse(secagg),
            TrainRequest => null,
            _ => Error(request.ResearcherId, NodeErrors.Protocol, $"this node does not know the command '{request.Command}'"),
        };
        if (reply is not null)
        {
            await _publisher.PublishAsync(reply, RequestIdOf(message), cancellationToken).ConfigureAwait(false);
        }
        else if (request is TrainRequest train)
        {
            await AdmitAsync(train, message, cancellationToken).ConfigureAwait(false);
        }
    }

    private SearchReply? Answer(SearchRequest request)
    {
        DatasetEntry[] found = [.. _datasets.Search(request.Tags).Select(d => d.ToSearchEntry())];
        return found.Length == 0 ? null : new SearchReply
        {
            ResearcherId = request.ResearcherId,
            NodeId = _publisher.NodeId,
            Success = true,
            Databases = found,
            Count = found.Length,
        };
    }

    private ListReply Answer(ListRequest request)
    {
        DatasetEntry[] all = [.. _datasets.All.Select(d => d.ToListEntry())];
        return new ListReply
        {
            ResearcherId =
            request.ResearcherId,
            NodeId = _publisher.NodeId,
            Success = true,
            Databases = all,
            Count = all.Length
        };
    }

    private SecaggReply Refuse(SecaggRequest request) => new()
    {
        ResearcherId = request.ResearcherId,
        NodeId = _publisher.NodeId,
        SecaggId = request.SecaggId,
        Sequence = request.Sequence,
        Success = false,
        Text = NodeErrors.NoSecagg,
    };

    private SecaggDeleteReply Refuse(SecaggDeleteRequest request) => new()
    {
        ResearcherId = request.ResearcherId,
        NodeId = _publisher.NodeId,
        SecaggId = request.SecaggId,
        Sequence = request.Sequence,
        Success = false,
        Text = NodeErrors.NoSecagg,
    };

    private async Task AdmitAsync(TrainRequest request, InboundMessage message, CancellationToken cancellationToken)
    {
        if (_datasets.Find(request.DatasetId) is not { } dataset)
        {
            LogUnknownDataset(_logger, request.DatasetId, request.JobId);
            await PublishErrorAsync(
                request.ResearcherId, NodeErrors.NoDataset, NodeErrors.NoDatasetText, message, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!TrainTask.TryCreate(request, message.UserProperties, dataset, out TrainTask? task, out string? rejection))
        {
            await RefuseAsync(request.ResearcherId, message, rejection, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!_queue.TryReserve(task.Key))
        {
            LogRepeated(_logger, task.RequestId, "it waits or runs already");
            return;
        }

        // The key is held from here on: either the worker gives it back after the answer, or this method does.
        bool isQueued = false;
        try
        {
            if (task.Key is not null && await _finished.FindAsync(task.Key, cancellationToken).ConfigureAwait(false) is { } kept)
            {
                LogRepeated(_logger, task.RequestId, "it is answered from the kept reply");
                await _publisher.PublishReplyAsync(kept, cancellationToken).ConfigureAwait(false);
                return;
            }

            isQueued = _queue.TryEnqueue(task);
        }
        finally
        {
            if (!isQueued)
            {
                _queue.Release(task.Key);
            }
        }

        if (isQueued)
        {
            LogQueued(_logger, request.JobId, request.Round, task.RequestId);
        }
        else
        {
            await RefuseForRoomAsync(task, message, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RefuseForRoomAsync(TrainTask task, InboundMessage message, CancellationToken cancellationToken)
    {
        string text = $"The node's queue is full: {_queue.Capacity} train requests wait already. Ask again later.";
        LogQueueFull(_logger, task.Request.JobId, _queue.Capacity);
        await PublishErrorAsync(task.Request.ResearcherId, NodeErrors.Undetermined, text, message, cancellationToken).ConfigureAwait(false);

        // As from a Python node, the error of this number is followed by the train reply that ends the request. It is not kept: asking
        // again may succeed.
        TrainAnswer failure = TrainFailure.Answer(task, _publisher.NodeId, text);
        await _publisher.PublishReplyAsync(ReplyPublisher.Prepare(failure, task.RequestId), cancellationToken).ConfigureAwait(false);
    }

    private Task RefuseAsync(string researcherId, InboundMessage message, string rejection, CancellationToken cancellationToken)
    {
        // A flood of rubbish must not flood the log: the first, second, fourth, eighth... is logged.
        long count = Interlocked.Increment(ref _refusedCount);
        if (BitOperations.IsPow2(count))
        {
            LogMalformed(_logger, message.Topic, message.Payload.Length, count, WireText.Clean(rejection));
        }

        return PublishErrorAsync(
            researcherId, NodeErrors.Protocol, WireText.Clean($"{NodeErrors.ProtocolText}: {rejection}"), message, cancellationToken);
    }

    private Task PublishErrorAsync(
        string researcherId, string number, string text, InboundMessage message, CancellationToken cancellationToken) =>
        _publisher.PublishAsync(Error(researcherId, number, text), RequestIdOf(message), cancellationToken);

    private ErrorReply Error(string researcherId, string number, string text) =>
        new() { ResearcherId = researcherId, NodeId = _publisher.NodeId, ErrorNumber = number, ExtraText = text };

    private static string? RequestIdOf(InboundMessage message) =>
        message.UserProperties.GetValueOrDefault(WireProperties.RequestId) is { } id && Identifier.IsValid(id) ? id : null;

    [LoggerMessage(1400, LogLevel.Debug, "A {Command} request of {Researcher} came")]
    private static partial void LogReceived(ILogger logger, string command, string researcher);

    [LoggerMessage(1401, LogLevel.Warning, "A message of {Bytes} bytes on {Topic} was refused, the {Count}th so far: {Reason}")]
    private static partial void LogMalformed(ILogger logger, string topic, int bytes, long count, string reason);

    [LoggerMessage(1402, LogLevel.Error, "A message of {Bytes} bytes on {Topic} could not be handled; the next one is read")]
    private static partial void LogMessageFailed(ILogger logger, string topic, int bytes, Exception exception);

    [LoggerMessage(1403, LogLevel.Information, "Round {Round} of job {Job} is queued (request {Request})")]
    private static partial void LogQueued(ILogger logger, string job, int round, string? request);

    [LoggerMessage(1404, LogLevel.Information, "Request {Request} was repeated: {What}")]
    private static partial void LogRepeated(ILogger logger, string? request, string what);

    [LoggerMessage(1405, LogLevel.Warning, "A train request of job {Job} was refused: {Capacity} wait already")]
    private static partial void LogQueueFull(ILogger logger, string job, int capacity);

    [LoggerMessage(1406, LogLevel.Warning, "A train request of job {Job} names the dataset {Dataset}, which this node does not have")]
    private static partial void LogUnknownDataset(ILogger logger, string dataset, string job);
}

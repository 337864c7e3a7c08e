using FedJob.Node.Approval;
using FedJob.Node.Datasets;
using FedJob.Node.Execution;
using FedJob.Node.State;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Node;

/// <summary>
/// What a connected node does: the request loop, the train worker and the approval desk side by side, from the start to the stop or to the
/// link's end.
/// </summary>
internal sealed partial class NodeWork : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PlanUnloader _unloader;
    private readonly TimeSpan _stopTimeout;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly string _nodeId;

    /// <summary>Puts the parts together and begins.</summary>
    public NodeWork(
        string nodeId,
        FederatedNodeOptions options,
        StateDirectory directory,
        DatasetRegistry datasets,
        PlanApprovals approvals,
        IMqttLink link,
        IRepository repository,
        Action<PlanUnloadedEventArgs> onUnloaded,
        ILogger logger,
        TimeProvider timeProvider)
    {
        (_nodeId, _stopTimeout, _logger, _timeProvider) = (nodeId, options.StopTimeout, logger, timeProvider);
        _unloader = new PlanUnloader(onUnloaded, timeProvider, logger);
        var publisher = new ReplyPublisher(link, nodeId, timeProvider, logger);
        var finished = new FinishedReplies(directory.Replies, options.FinishedRepliesKept, logger);
        var states = new NodeStateStore(directory.States, options.StatesKeptPerJob, options.JobsKept);
        var plans = new PlanStore(
            directory.Plans, new PlanRules(options.RequireApproval, options.MaximumPlanBytes, options.PlansKept), nodeId, repository, approvals, logger);
        var queue = new TrainQueue(options.TrainQueueCapacity);
        var run =
            new TrainRun(directory, states, plans, repository, _unloader, publisher, options.MaximumTrainingTime, timeProvider, logger);
        var desk = new ApprovalDesk(plans, approvals, directory, publisher, options.RequireApproval, logger);
        var loop = new RequestLoop(link, publisher, datasets, desk, queue, finished, logger);
        var worker = new TrainWorker(queue, run, finished, publisher, logger);
        Ended = Task.Run(() => RunAsync(loop, worker, desk, link));
    }

    /// <summary>Ends when the work does: successfully after it was stopped, with the reason when the link failed for good.</summary>
    public Task Ended { get; }

    /// <summary>
    /// Stops: a running training is cancelled and given the node's stop timeout to end. Whether the link had failed is told by
    /// <see cref="Ended"/> alone.
    /// </summary>
    /// <returns>A task that ends when nothing runs any more.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _unloader.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync(RequestLoop loop, TrainWorker worker, ApprovalDesk desk, IMqttLink link)
    {
        Task beside = Task.WhenAll(worker.RunAsync(_stop.Token), desk.RunAsync(_stop.Token));
        try
        {
            await loop.RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping is one way this ends; the link's end is the other.
        }

        bool linkEnded = !_stop.IsCancellationRequested;
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await beside.WaitAsync(_stopTimeout, _timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogPlanGoesOn(_logger, _nodeId, _stopTimeout);
        }

        if (linkEnded)
        {
            await link.Completion.ConfigureAwait(false);
        }
    }

    [LoggerMessage(1492, LogLevel.Warning,
        "Node {Node} stops while a training plan goes on: it did not end within {Timeout} after its cancellation")]
    private static partial void LogPlanGoesOn(ILogger logger, string node, TimeSpan timeout);
}

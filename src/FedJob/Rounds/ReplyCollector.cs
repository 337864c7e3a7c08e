using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Rounds;

/// <summary>
/// Waits for the replies of one round: the first terminal reply of a node wins, its parameters are downloaded as it comes, and the wait ends when every
/// participant has a verdict, when the quorum is there and its grace over, or at the deadline. One loop owns all state; nothing polls.
/// </summary>
internal sealed class ReplyCollector(
    VerdictBoard board, RoundPolicy policy, ReplyProcessor processor, LivenessWatch liveness, TimeProvider timeProvider, Action<RoundEventKind> announce)
    : IDisposable
{
    /// <summary>How long the train reply that follows a Python node's FB300 error may take; after that the error is the verdict.</summary>
    private static readonly TimeSpan ErrorPatience = TimeSpan.FromSeconds(2);

    private readonly Channel<CollectorSignal> _signals = Channel.CreateUnbounded<CollectorSignal>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _downloads = new(policy.DownloadParallelism);
    private readonly List<Task> _running = [];
    private readonly List<ITimer> _timers = [];
    private bool _quorumReached;
    private bool _ended;

    /// <summary>Collects until the round's policy says it ends.</summary>
    /// <param name="window">Where replies come from.</param>
    /// <param name="sentAt">When the first request was sent: what the deadline counts from.</param>
    /// <param name="cancellationToken">Ends the wait and the downloads.</param>
    /// <returns>One verdict a participant, in ordinal order of the node ids.</returns>
    public async Task<IReadOnlyList<CollectedReply>> CollectAsync(IReplyWindow window, long sentAt, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan left = policy.Deadline - timeProvider.GetElapsedTime(sentAt);
        StartTimer(left > TimeSpan.Zero ? left : TimeSpan.Zero, new CollectorSignal(CollectorSignal.Kinds.Deadline));
        Start(ForwardAsync(window, stop.Token), stop.Token);
        Start(WatchAsync(stop.Token), stop.Token);
        try
        {
            while (board.OpenCount > 0 && !_ended)
            {
                CollectorSignal signal = await _signals.Reader.ReadAsync(stop.Token).ConfigureAwait(false);
                Handle(signal, window, sentAt, stop.Token);
                CheckQuorum();
            }
        }
        catch (ChannelClosedException closed) when (closed.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(closed.InnerException);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            _timers.ForEach(t => t.Dispose());
            await Task.WhenAll(_running).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return board.Results();
    }

    public void Dispose() => _downloads.Dispose();

    private void Handle(CollectorSignal signal, IReplyWindow window, long sentAt, CancellationToken stop)
    {
        switch (signal.Kind)
        {
            case CollectorSignal.Kinds.Reply:
                TakeReply(signal.Reply!, sentAt, stop);
                break;
            case CollectorSignal.Kinds.Processed:
                board.Conclude(board[signal.Processed!.Verdict.NodeId], signal.Processed);
                break;
            case CollectorSignal.Kinds.ErrorStands:
                TakeTerminal(signal.Reply!, sentAt, stop);
                break;
            case CollectorSignal.Kinds.SuspicionStands when window.IsOnlyRequest(signal.Reply!.Ticket):
                TakeSuspicion(signal.Reply);
                break;
            case CollectorSignal.Kinds.ConnectionLost when board.Awaited.Count > 0:
                ExceptionDispatchInfo.Throw(signal.Reason!);
                break;
            case CollectorSignal.Kinds.NodeLost when !board[signal.NodeId!].Replied:
                board.Conclude(
                    board[signal.NodeId!], VerdictKind.Lost, $"it answered no ping for {policy.Patience} x {policy.PingInterval}");
                break;
            case CollectorSignal.Kinds.Deadline:
                EndReplies(sentAt, stop);
                break;
            case CollectorSignal.Kinds.DownloadGraceOver:
                foreach (Participant slow in board.Open)
                {
                    board.Conclude(slow, VerdictKind.DownloadFailed, $"its download was not done {policy.DownloadGrace} after the deadline");
                }

                break;
            case CollectorSignal.Kinds.GraceOver:
                _ended = true;
                break;
        }
    }

    private void TakeReply(NodeReply reply, long sentAt, CancellationToken stop)
    {
        Participant participant = board[reply.Ticket.NodeId];
        if (participant.Replied)
        {
            return;
        }

        if (reply.IsSuspicion)
        {
            Start(SuspectAsync(reply, stop), stop);
        }
        else if (reply.Message is ErrorReply error && !NodeErrors.EndsRequest(error))
        {
            if (!NodeErrors.IsFarewell(error) && participant.Error is null)
            {
                participant.Error = reply;
                StartTimer(ErrorPatience, new CollectorSignal(CollectorSignal.Kinds.ErrorStands) { Reply = reply });
            }
        }
        else
        {
            TakeTerminal(reply, sentAt, stop);
        }
    }

    private void TakeTerminal(NodeReply reply, long sentAt, CancellationToken stop)
    {
        Participant participant = board[reply.Ticket.NodeId];
        if (participant.Replied)
        {
            return;
        }

        NodeVerdict verdict = board.Reply(participant, timeProvider.GetElapsedTime(sentAt, reply.ArrivalTimestamp));
        if (processor.Judge(reply, verdict, participant.Error?.Message as ErrorReply) is { } judged)
        {
            board.Conclude(participant, judged);
        }
        else
        {
            Start(DownloadAsync(reply, verdict, stop), stop);
        }
    }

    private void TakeSuspicion(NodeReply reply)
    {
        Participant suspect = board[reply.Ticket.NodeId];
        if (!suspect.Replied)
        {
            board.Conclude(suspect, VerdictKind.TrainingFailed, $"unattributed: {NodeErrors.Describe((ErrorReply)reply.Message)}");
        }
    }

    /// <summary>The deadline: who has only sent an error is judged by it, who is silent timed out, downloads go on for their grace.</summary>
    private void EndReplies(long sentAt, CancellationToken stop)
    {
        foreach (Participant silent in board.Open.Where(p => !p.Replied))
        {
            if (silent.Error is { } error)
            {
                TakeTerminal(error, sentAt, stop);
            }
            else
            {
                board.Conclude(silent, VerdictKind.TimedOut, $"no reply arrived within {policy.Deadline}");
            }
        }

        StartTimer(policy.DownloadGrace, new CollectorSignal(CollectorSignal.Kinds.DownloadGraceOver));
    }

    private void CheckQuorum()
    {
        if (_quorumReached || !board.HasQuorum || board.OpenCount == 0)
        {
            return;
        }

        _quorumReached = true;
        announce(RoundEventKind.QuorumReached);
        if (policy.Grace == TimeSpan.Zero)
        {
            _ended = true;
        }
        else
        {
            StartTimer(policy.Grace, new CollectorSignal(CollectorSignal.Kinds.GraceOver));
        }
    }

    private async Task DownloadAsync(NodeReply reply, NodeVerdict verdict, CancellationToken stop)
    {
        await _downloads.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            CollectedReply processed = await processor.DownloadAsync(reply, verdict, stop).ConfigureAwait(false);
            Post(new CollectorSignal(CollectorSignal.Kinds.Processed) { Processed = processed });
        }
        finally
        {
            _downloads.Release();
        }
    }

    /// <summary>Gives the train reply that may follow an error its time, then asks whether the node lives.</summary>
    private async Task SuspectAsync(NodeReply reply, CancellationToken stop)
    {
        await Task.Delay(ErrorPatience, timeProvider, stop).ConfigureAwait(false);
        if (await liveness.IsAliveAsync(reply.Ticket.NodeId, stop).ConfigureAwait(false))
        {
            Post(new CollectorSignal(CollectorSignal.Kinds.SuspicionStands) { Reply = reply });
        }
    }

    private async Task ForwardAsync(IReplyWindow window, CancellationToken stop)
    {
        try
        {
            await foreach (NodeReply reply in window.Replies.ReadAllAsync(stop).ConfigureAwait(false))
            {
                Post(new CollectorSignal(CollectorSignal.Kinds.Reply) { Reply = reply });
            }
        }
        catch (Exception lost) when (!stop.IsCancellationRequested)
        {
            Post(new CollectorSignal(CollectorSignal.Kinds.ConnectionLost) { Reason = lost });
        }
    }

    private Task WatchAsync(CancellationToken stop) => liveness.RunAsync(
        () => board.Awaited, nodeId => Post(new CollectorSignal(CollectorSignal.Kinds.NodeLost) { NodeId = nodeId }), stop);

    private void Start(Task work, CancellationToken stop) => _running.Add(GuardAsync(work, stop));

    /// <summary>Lets a failure that is no node's fault, such as a full disk, end the round.</summary>
    private async Task GuardAsync(Task work, CancellationToken stop)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The round has ended or was cancelled: CollectAsync decides what that means.
        }
        catch (Exception ours)
        {
            _signals.Writer.TryComplete(ours);
        }
    }

    private void Post(CollectorSignal signal) => _signals.Writer.TryWrite(signal);

    private void StartTimer(TimeSpan due, CollectorSignal signal) =>
        _timers.Add(timeProvider.CreateTimer(_ => Post(signal), null, due, Timeout.InfiniteTimeSpan));
}

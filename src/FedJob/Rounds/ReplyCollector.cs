using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Rounds;

/// <summary>
/// Waits for the replies of one round: the first terminal reply of a node wins, its parameters are downloaded as it comes, and the wait ends when the goal is
/// reached, when the quorum is there and its grace over, when nobody is left to wait for, or at the deadline. One loop owns all state; nothing polls.
/// </summary>
internal sealed class ReplyCollector(
    VerdictBoard board, RoundPolicy policy, ReplyIntake intake, RequestDispatcher dispatcher, LivenessWatch liveness, Substitutes substitutes, IRoundJournal journal,
    TimeProvider timeProvider, Announcement announce)
    : IDisposable
{
    /// <summary>How long the train reply that follows a Python node's FB300 error may take; after that the error is the verdict.</summary>
    private static readonly TimeSpan ErrorPatience = TimeSpan.FromSeconds(2);

    private readonly Channel<CollectorSignal> _signals = Channel.CreateUnbounded<CollectorSignal>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _downloads = new(policy.DownloadParallelism);
    private readonly List<Task> _running = [];
    private readonly List<ITimer> _timers = [];
    private int _pruneAt = 64;
    private bool _quorumReached;
    private bool _isPastDeadline;
    private bool _ended;

    /// <summary>Collects until the round's policy says it ends.</summary>
    /// <param name="window">Where replies come from.</param>
    /// <param name="open">What the journal knows of the round from an earlier process or attempt.</param>
    /// <param name="unheard">The nodes on whose topic nobody listened when they were asked.</param>
    /// <param name="sentAt">When the first request was sent: what the deadline counts from.</param>
    /// <param name="cancellationToken">Ends the wait and the downloads.</param>
    /// <returns>One verdict a participant, in ordinal order of the node ids.</returns>
    public async Task<IReadOnlyList<CollectedReply>> CollectAsync(
        IReplyWindow window, OpenRound? open, IReadOnlyList<string> unheard, long sentAt, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan left = policy.Deadline - timeProvider.GetElapsedTime(sentAt);
        StartTimer(left > TimeSpan.Zero ? left : TimeSpan.Zero, new CollectorSignal(CollectorSignal.Kinds.Deadline));
        Start(ForwardAsync(window, stop.Token), stop.Token);
        Start(liveness.RunAsync(() => board.Awaited, Post, stop.Token), stop.Token);
        try
        {
            TakeJournalled(open, stop.Token);
            foreach (string nodeId in unheard)
            {
                Lose(board[nodeId], "nobody listens on the node's topic: it is not connected to this broker");
            }

            CheckProgress(stop.Token);
            while (!_ended && (board.ActiveCount > 0 || (board.AwaitsReturn && !board.HasQuorum && !_isPastDeadline)))
            {
                CollectorSignal signal = await _signals.Reader.ReadAsync(stop.Token).ConfigureAwait(false);
                Handle(signal, window, sentAt, stop.Token);
                CheckProgress(stop.Token);
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

    /// <summary>Ends the wait for one node; its reply, should one come, is not used.</summary>
    public void Cancel(string nodeId) => Post(new CollectorSignal(CollectorSignal.Kinds.NodeCancelled) { NodeId = nodeId });

    public void Dispose() => _downloads.Dispose();

    private void Handle(CollectorSignal signal, IReplyWindow window, long sentAt, CancellationToken stop)
    {
        Participant? participant = signal.NodeId is { } nodeId ? board.Find(nodeId) : null;
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
                TakeSuspicion(signal.Reply, stop);
                break;
            case CollectorSignal.Kinds.ConnectionLost when board.Awaited.Count > 0:
                ExceptionDispatchInfo.Throw(signal.Reason!);
                break;
            case CollectorSignal.Kinds.NodeLost when participant is not null:
                Lose(participant, signal.Text!);
                break;
            case CollectorSignal.Kinds.ReturnGraceOver when participant is not null:
                board.GiveUp(participant);
                break;
            case CollectorSignal.Kinds.NodeReturned when participant is not null:
                if (board.Return(participant))
                {
                    announce(RoundEventKind.NodeReturned, participant.NodeId);
                }

                AskAgain(participant, stop);
                break;
            case CollectorSignal.Kinds.LinkRestored:
                foreach (Participant awaited in board.Open.ToArray())
                {
                    AskAgain(awaited, stop);
                }

                break;
            case CollectorSignal.Kinds.AskedAgain when participant is not null:
                participant.IsBeingAsked = false;
                if (signal.IsUnheard)
                {
                    Lose(participant, "nobody listens on the node's topic: it is not connected to this broker");
                }

                break;
            case CollectorSignal.Kinds.Unusable when participant is { Result: null }:
                board.Await(participant);
                AskAgain(participant, stop, fresh: true);
                break;
            case CollectorSignal.Kinds.NodeCancelled when participant is not null:
                board.Conclude(participant, VerdictKind.Cancelled, "the caller cancelled it");
                break;
            case CollectorSignal.Kinds.Tick:
                Start(journal.KeepTimeAsync(timeProvider.GetElapsedTime(sentAt)), stop);
                break;
            case CollectorSignal.Kinds.Deadline:
                EndReplies(sentAt, stop);
                break;
            case CollectorSignal.Kinds.DownloadGraceOver:
                foreach (Participant slow in board.Open.ToArray())
                {
                    board.Conclude(slow, VerdictKind.DownloadFailed, $"its download was not done {policy.DownloadGrace} after the deadline");
                }

                break;
            case CollectorSignal.Kinds.GraceOver:
                _ended = true;
                break;
        }
    }

    private void TakeJournalled(OpenRound? open, CancellationToken stop)
    {
        foreach (JournalledReply reply in open?.Replies ?? [])
        {
            if (board.Find(reply.Ticket.NodeId) is { Replied: false } participant)
            {
                NodeVerdict verdict = board.Reply(participant, reply.Elapsed);
                Start(ProcessJournalledAsync(reply, participant, verdict, stop), stop);
            }
        }
    }

    private void TakeReply(NodeReply reply, long sentAt, CancellationToken stop)
    {
        Participant participant = board[reply.Ticket.NodeId];
        if (participant.Replied)
        {
            reply.Acknowledge();
        }
        else if (reply.IsSuspicion)
        {
            Start(SuspectAsync(reply, stop), stop);
        }
        else if (reply.Message is ErrorReply error && !NodeErrors.EndsRequest(error))
        {
            reply.Acknowledge();
            if (NodeErrors.IsFarewell(error))
            {
                liveness.Suspect(participant.NodeId);
            }
            else if (participant.Error is null)
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
        if (!participant.Replied)
        {
            NodeVerdict verdict = board.Reply(participant, timeProvider.GetElapsedTime(sentAt, reply.ArrivalTimestamp));
            Start(ProcessAsync(() => intake.TakeAsync(reply, verdict, participant.Error?.Message as ErrorReply, _downloads, stop)), stop);
        }
    }

    /// <summary>A task that broke down without a word: its node is asked once more, or has failed.</summary>
    private void TakeSuspicion(NodeReply reply, CancellationToken stop)
    {
        Participant suspect = board[reply.Ticket.NodeId];
        if (suspect.Replied)
        {
            return;
        }

        if (!AskAgain(suspect, stop, fresh: true))
        {
            board.Conclude(suspect, VerdictKind.TrainingFailed, $"unattributed: {NodeErrors.Describe((ErrorReply)reply.Message)}");
        }
    }

    /// <summary>The deadline: who has only sent an error is judged by it, who is silent timed out, downloads go on for their grace.</summary>
    private void EndReplies(long sentAt, CancellationToken stop)
    {
        _isPastDeadline = true;
        foreach (Participant silent in board.Open.Where(p => !p.Replied).ToArray())
        {
            if (silent.Error is { } error)
            {
                TakeTerminal(error, sentAt, stop);
            }
            else if (silent.Gone is { } reason)
            {
                board.Conclude(silent, VerdictKind.Lost, reason);
            }
            else
            {
                board.Conclude(silent, VerdictKind.TimedOut, $"no reply arrived within {policy.Deadline}");
            }
        }

        StartTimer(policy.DownloadGrace, new CollectorSignal(CollectorSignal.Kinds.DownloadGraceOver));
    }

    private void CheckProgress(CancellationToken stop)
    {
        if (board.HasQuorum && !_quorumReached && board.ActiveCount > 0)
        {
            _quorumReached = true;
            announce(RoundEventKind.QuorumReached);
            StartTimer(policy.Grace, new CollectorSignal(CollectorSignal.Kinds.GraceOver));
        }

        _ended |= (board.HasQuorum && policy.Grace == TimeSpan.Zero) || board.HasGoal;
        for (int missing = board.Shortfall; policy.ReplaceLostNodes && !_ended && !_isPastDeadline && missing > 0 && substitutes.Next() is { } nodeId; missing--)
        {
            board.Add(nodeId);
            announce(RoundEventKind.Replaced, nodeId);
            Start(AskSubstituteAsync(nodeId, stop), stop);
        }
    }

    private async Task AskSubstituteAsync(string nodeId, CancellationToken stop)
    {
        if (await substitutes.AskAsync(nodeId, dispatcher, stop).ConfigureAwait(false) is { } refusal)
        {
            Post(new CollectorSignal(CollectorSignal.Kinds.NodeLost) { NodeId = nodeId, Text = refusal });
        }
    }

    /// <summary>Asks a node that has not replied once more, if the policy allows it: under the same id as often as need be, under a new one as a retry.</summary>
    private bool AskAgain(Participant participant, CancellationToken stop, bool fresh = false)
    {
        bool sameId = !fresh && dispatcher.KeepsId(participant.NodeId);
        if (participant.Replied || participant.IsBeingAsked || _isPastDeadline || (!sameId && participant.Retries >= policy.Retries))
        {
            return false;
        }

        participant.IsBeingAsked = true;
        Start(RepeatAsync(participant, sameId, stop), stop);
        return true;
    }

    private async Task RepeatAsync(Participant participant, bool sameId, CancellationToken stop)
    {
        PublishOutcome? outcome = await dispatcher.RepeatAsync(participant.NodeId, sameId, stop).ConfigureAwait(false);
        if (!sameId && outcome == PublishOutcome.Accepted)
        {
            participant.CountRetry();
        }

        // A FedJob node on whose topic nobody listens is on its way back: its presence will say so. A Python node never connects again by itself.
        Post(new CollectorSignal(CollectorSignal.Kinds.AskedAgain)
        {
            NodeId = participant.NodeId,
            IsUnheard = outcome == PublishOutcome.NoSubscribers && !dispatcher.KeepsId(participant.NodeId),
        });
    }

    private void Lose(Participant participant, string reason)
    {
        if (board.Lose(participant, reason))
        {
            StartTimer(policy.EffectiveReturnGrace, new CollectorSignal(CollectorSignal.Kinds.ReturnGraceOver) { NodeId = participant.NodeId });
        }
    }

    private async Task ProcessAsync(Func<Task<CollectedReply>> process) =>
        Post(new CollectorSignal(CollectorSignal.Kinds.Processed) { Processed = await process().ConfigureAwait(false) });

    /// <summary>A reply of an earlier process or attempt. Where its file is gone meanwhile the node is asked again, if it may be.</summary>
    private async Task ProcessJournalledAsync(JournalledReply reply, Participant participant, NodeVerdict verdict, CancellationToken stop)
    {
        CollectedReply result = await intake.TakeJournalledAsync(reply, verdict, _downloads, stop).ConfigureAwait(false);
        Post(result.Verdict.Kind == VerdictKind.DownloadFailed && participant.Retries < policy.Retries
            ? new CollectorSignal(CollectorSignal.Kinds.Unusable) { NodeId = participant.NodeId }
            : new CollectorSignal(CollectorSignal.Kinds.Processed) { Processed = result });
    }

    /// <summary>Gives the train reply that may follow an error its time, then asks whether the node lives.</summary>
    private async Task SuspectAsync(NodeReply reply, CancellationToken stop)
    {
        reply.Acknowledge();
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

    private void Start(Task work, CancellationToken stop)
    {
        if (_running.Count >= _pruneAt)
        {
            _running.RemoveAll(t => t.IsCompletedSuccessfully);
            _pruneAt = (2 * _running.Count) + 64;
        }

        _running.Add(GuardAsync(work, stop));
    }

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

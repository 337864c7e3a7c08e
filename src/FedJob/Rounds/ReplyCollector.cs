using System.Runtime.ExceptionServices;
using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Rounds;

/// <summary>
/// Waits for the replies of one round: the first terminal reply of a node wins, its parameters are downloaded as it comes, and the wait ends when the goal is
/// reached, when the quorum is there and its grace over, when nobody is left to wait for, or at the deadline. One loop owns all state; nothing polls.
/// </summary>
internal sealed class ReplyCollector(
    VerdictBoard board, RoundPolicy policy, ReplyIntake intake, RequestDispatcher dispatcher, LivenessWatch liveness, Substitutes substitutes, IRoundJournal journal,
    EarlySum earlySum, TimeProvider timeProvider, Announcement announce)
    : IDisposable
{
    /// <summary>How long the train reply that follows a Python node's FB300 error may take; after that the error is the verdict.</summary>
    private static readonly TimeSpan ErrorPatience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _downloads = new(policy.DownloadParallelism);
    private volatile CollectorWork? _work;
    private bool _quorumReached;
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
        var work = new CollectorWork(timeProvider, stop.Token);
        var followUp = new FollowUp(board, policy, dispatcher, substitutes, work, announce, stop.Token);
        var state = new Collection(work, followUp, window, sentAt, stop.Token);
        _work = work;
        TimeSpan left = policy.Deadline - timeProvider.GetElapsedTime(sentAt);
        work.PostAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero, new CollectorSignal(CollectorSignal.Kinds.Deadline));
        work.Start(ForwardAsync(state));
        work.Start(liveness.RunAsync(() => board.Awaited, board.IsAwaited, work.Post, stop.Token));
        try
        {
            TakeJournalled(open, state);
            foreach (string nodeId in unheard)
            {
                state.FollowUp.Lose(board[nodeId], "nobody listens on the node's topic: it is not connected to this broker");
            }

            CheckProgress(state);
            while (!_ended && (board.ActiveCount > 0 || (board.AwaitsReturn && !board.HasQuorum && !state.FollowUp.IsOver)))
            {
                Handle(await work.NextAsync().ConfigureAwait(false), state);
                CheckProgress(state);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await work.EndAsync().ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return board.Results();
    }

    /// <summary>Ends the wait for one node; its reply, should one come, is not used.</summary>
    public void Cancel(string nodeId) => _work?.Post(new CollectorSignal(CollectorSignal.Kinds.NodeCancelled) { NodeId = nodeId });

    public void Dispose() => _downloads.Dispose();

    private void Handle(CollectorSignal signal, Collection state)
    {
        Participant? participant = signal.NodeId is { } nodeId ? board.Find(nodeId) : null;
        switch (signal.Kind)
        {
            case CollectorSignal.Kinds.Reply:
                TakeReply(signal.Reply!, state);
                break;
            case CollectorSignal.Kinds.Processed:
                board.Conclude(board[signal.Processed!.Verdict.NodeId], signal.Processed);
                break;
            case CollectorSignal.Kinds.ErrorStands:
                TakeTerminal(signal.Reply!, state);
                break;
            case CollectorSignal.Kinds.SuspicionStands when state.Window.IsOnlyRequest(signal.Reply!.Ticket):
                TakeSuspicion(signal.Reply, state);
                break;
            case CollectorSignal.Kinds.ConnectionLost when board.Awaited.Count > 0:
                ExceptionDispatchInfo.Throw(signal.Reason!);
                break;
            case CollectorSignal.Kinds.NodeLost when participant is not null:
                state.FollowUp.Lose(participant, signal.Text!);
                break;
            case CollectorSignal.Kinds.ReturnGraceOver when participant is not null:
                board.GiveUp(participant);
                break;
            case CollectorSignal.Kinds.NodeReturned when participant is not null:
                if (board.Return(participant))
                {
                    announce(RoundEventKind.NodeReturned, participant.NodeId);
                }

                state.FollowUp.AskAgain(participant);
                break;
            case CollectorSignal.Kinds.LinkRestored:
                foreach (Participant awaited in board.Open.ToArray())
                {
                    state.FollowUp.AskAgain(awaited);
                }

                break;
            case CollectorSignal.Kinds.AskedAgain when participant is not null:
                participant.IsBeingAsked = false;
                if (signal.IsUnheard)
                {
                    state.FollowUp.Lose(participant, "nobody listens on the node's topic: it is not connected to this broker");
                }

                break;
            case CollectorSignal.Kinds.Unusable when participant is { Result: null }:
                board.Await(participant);
                state.FollowUp.AskAgain(participant, fresh: true);
                break;
            case CollectorSignal.Kinds.NodeCancelled when participant is not null:
                board.Conclude(participant, VerdictKind.Cancelled, "the caller cancelled it");
                break;
            case CollectorSignal.Kinds.Tick:
                state.Work.Start(journal.KeepTimeAsync(timeProvider.GetElapsedTime(state.SentAt)));
                break;
            case CollectorSignal.Kinds.Deadline:
                EndReplies(state);
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

    private void TakeJournalled(OpenRound? open, Collection state)
    {
        foreach (JournalledReply reply in open?.Replies ?? [])
        {
            if (board.Find(reply.Ticket.NodeId) is { Replied: false } participant)
            {
                NodeVerdict verdict = board.Reply(participant, reply.Elapsed);
                participant.SampleCount = (reply.Message as TrainReply)?.SampleCount;
                state.Work.Start(ProcessJournalledAsync(reply, participant, verdict, state));
            }
        }
    }

    private void TakeReply(NodeReply reply, Collection state)
    {
        Participant participant = board[reply.Ticket.NodeId];
        if (participant.Replied)
        {
            reply.Acknowledge();
        }
        else if (reply.IsSuspicion && !NodeErrors.IsFarewell((ErrorReply)reply.Message))
        {
            state.Work.Start(SuspectAsync(reply, state));
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
                state.Work.PostAfter(ErrorPatience, new CollectorSignal(CollectorSignal.Kinds.ErrorStands) { Reply = reply });
            }
        }
        else
        {
            TakeTerminal(reply, state);
        }
    }

    private void TakeTerminal(NodeReply reply, Collection state)
    {
        Participant participant = board[reply.Ticket.NodeId];
        if (!participant.Replied)
        {
            NodeVerdict verdict = board.Reply(participant, timeProvider.GetElapsedTime(state.SentAt, reply.ArrivalTimestamp));
            participant.SampleCount = (reply.Message as TrainReply)?.SampleCount;
            state.Work.Start(ProcessAsync(reply, verdict, participant.Error?.Message as ErrorReply, state));
        }
    }

    /// <summary>A task that broke down without a word: its node is asked once more, or has failed.</summary>
    private void TakeSuspicion(NodeReply reply, Collection state)
    {
        Participant suspect = board[reply.Ticket.NodeId];
        if (suspect.Replied)
        {
            return;
        }

        if (!state.FollowUp.AskAgain(suspect, fresh: true))
        {
            board.Conclude(suspect, VerdictKind.TrainingFailed, $"unattributed: {NodeErrors.Describe((ErrorReply)reply.Message)}");
        }
    }

    /// <summary>The deadline: who has only sent an error is judged by it, who is silent timed out, downloads go on for their grace.</summary>
    private void EndReplies(Collection state)
    {
        state.FollowUp.IsOver = true;
        foreach (Participant silent in board.Open.Where(p => !p.Replied).ToArray())
        {
            if (silent.Error is { } error)
            {
                TakeTerminal(error, state);
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

        state.Work.PostAfter(policy.DownloadGrace, new CollectorSignal(CollectorSignal.Kinds.DownloadGraceOver));
    }

    private void CheckProgress(Collection state)
    {
        if (board.HasQuorum && !_quorumReached && board.ActiveCount > 0)
        {
            _quorumReached = true;
            announce(RoundEventKind.QuorumReached);
            state.Work.PostAfter(policy.Grace, new CollectorSignal(CollectorSignal.Kinds.GraceOver));
        }

        earlySum.Look(board);
        _ended |= (board.HasQuorum && policy.Grace == TimeSpan.Zero) || board.HasGoal;
        if (!_ended)
        {
            state.FollowUp.ReplaceMissing();
        }
    }

    private async Task ProcessAsync(NodeReply reply, NodeVerdict verdict, ErrorReply? before, Collection state) =>
        state.Work.Post(new CollectorSignal(CollectorSignal.Kinds.Processed)
        {
            Processed = await intake.TakeAsync(reply, verdict, before, _downloads, state.Stop).ConfigureAwait(false),
        });

    /// <summary>A reply of an earlier process or attempt. Where its file is gone meanwhile the node is asked again, if it may be.</summary>
    private async Task ProcessJournalledAsync(JournalledReply reply, Participant participant, NodeVerdict verdict, Collection state)
    {
        CollectedReply result = await intake.TakeJournalledAsync(reply, verdict, _downloads, state.Stop).ConfigureAwait(false);
        state.Work.Post(result.Verdict.Kind == VerdictKind.DownloadFailed && participant.Retries < policy.Retries
            ? new CollectorSignal(CollectorSignal.Kinds.Unusable) { NodeId = participant.NodeId }
            : new CollectorSignal(CollectorSignal.Kinds.Processed) { Processed = result });
    }

    /// <summary>Gives the train reply that may follow an error its time, then asks whether the node lives.</summary>
    private async Task SuspectAsync(NodeReply reply, Collection state)
    {
        reply.Acknowledge();
        await Task.Delay(ErrorPatience, timeProvider, state.Stop).ConfigureAwait(false);
        if (await liveness.IsAliveAsync(reply.Ticket.NodeId, state.Stop).ConfigureAwait(false))
        {
            state.Work.Post(new CollectorSignal(CollectorSignal.Kinds.SuspicionStands) { Reply = reply });
        }
    }

    private static async Task ForwardAsync(Collection state)
    {
        try
        {
            await foreach (NodeReply reply in state.Window.Replies.ReadAllAsync(state.Stop).ConfigureAwait(false))
            {
                state.Work.Post(new CollectorSignal(CollectorSignal.Kinds.Reply) { Reply = reply });
            }
        }
        catch (Exception lost) when (!state.Stop.IsCancellationRequested)
        {
            state.Work.Post(new CollectorSignal(CollectorSignal.Kinds.ConnectionLost) { Reason = lost });
        }
    }

    /// <summary>What one collection works with.</summary>
    private sealed record Collection(CollectorWork Work, FollowUp FollowUp, IReplyWindow Window, long SentAt, CancellationToken Stop);
}

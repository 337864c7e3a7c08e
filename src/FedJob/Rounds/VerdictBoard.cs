using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>Which participant of a round has which verdict. One thread at a time writes it: the runner while it sends, then the collector's loop.</summary>
internal sealed partial class VerdictBoard
{
    private readonly Dictionary<string, Participant> _participants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _awaited = new(StringComparer.Ordinal);
    private readonly int _goal;
    private readonly int _needed;
    private readonly ILogger _logger;
    private readonly Announcement _announce;
    private int _succeeded;
    private int _hopes;

    /// <param name="participants">Who is asked.</param>
    /// <param name="goal">How many successes the round can use: with them it is over.</param>
    /// <param name="needed">How many it needs at least.</param>
    /// <param name="logger">Where failures are logged.</param>
    /// <param name="announce">Told what happens.</param>
    public VerdictBoard(IReadOnlyList<string> participants, int goal, int needed, ILogger logger, Announcement announce)
    {
        (_goal, _needed, _logger, _announce) = (goal, needed, logger, announce);
        foreach (string nodeId in participants)
        {
            Add(nodeId);
        }
    }

    /// <summary>The participants without a verdict.</summary>
    public IEnumerable<Participant> Open => _participants.Values.Where(p => p.Result is null);

    /// <summary>All participants.</summary>
    public IEnumerable<Participant> All => _participants.Values;

    /// <summary>Whether every participant's terminal reply has arrived.</summary>
    public bool AllReplied => _awaited.IsEmpty;

    /// <summary>How many of them are there.</summary>
    public int ActiveCount { get; private set; }

    /// <summary>Whether the round hopes that a lost node comes back.</summary>
    public bool AwaitsReturn => _hopes > 0;

    public bool HasQuorum => _succeeded >= _needed;

    public bool HasGoal => _succeeded >= _goal;

    /// <summary>How many successes are missing beyond those that may still come.</summary>
    public int Shortfall => _goal - _succeeded - ActiveCount;

    /// <summary>The nodes whose terminal reply has not arrived; may be read on any thread.</summary>
    public IReadOnlyList<string> Awaited => [.. _awaited.Keys];

    /// <summary>Whether a node's terminal reply has not arrived; may be asked on any thread.</summary>
    public bool IsAwaited(string nodeId) => _awaited.ContainsKey(nodeId);

    public Participant this[string nodeId] => _participants[nodeId];

    public Participant? Find(string nodeId) => _participants.GetValueOrDefault(nodeId);

    /// <summary>Takes in a further participant.</summary>
    public void Add(string nodeId)
    {
        _participants.Add(nodeId, new Participant(nodeId));
        ActiveCount++;
        _awaited.TryAdd(nodeId, 0);
    }

    /// <summary>Notes that a participant's terminal reply is there.</summary>
    public NodeVerdict Reply(Participant participant, TimeSpan replyTime)
    {
        Return(participant);
        participant.Replied = true;
        participant.Verdict = new NodeVerdict { NodeId = participant.NodeId, Kind = VerdictKind.NotNeeded, ReplyTime = replyTime };
        _awaited.TryRemove(participant.NodeId, out _);
        _announce(RoundEventKind.Replied, participant.NodeId);
        return participant.Verdict;
    }

    /// <summary>Notes that a participant is to be asked once more: what it said does not count.</summary>
    public void Await(Participant participant)
    {
        Return(participant);
        (participant.Replied, participant.Verdict, participant.Error) = (false, null, null);
        _awaited.TryAdd(participant.NodeId, 0);
    }

    /// <summary>Notes that a participant is lost for now; tells whether that is news.</summary>
    public bool Lose(Participant participant, string reason)
    {
        if (participant.Replied || participant.Gone is not null)
        {
            return false;
        }

        participant.Gone = reason;
        ActiveCount--;
        _hopes++;
        LogGone(participant.NodeId, reason);
        _announce(RoundEventKind.NodeLost, participant.NodeId);
        return true;
    }

    /// <summary>Notes that a participant that was lost shows life; tells whether that is news.</summary>
    public bool Return(Participant participant)
    {
        if (participant.Gone is null || participant.Result is not null)
        {
            return false;
        }

        GiveUp(participant);
        (participant.Gone, participant.IsGivenUp) = (null, false);
        ActiveCount++;
        return true;
    }

    /// <summary>Notes that the round waits for a lost participant no longer; should it come back all the same it is welcome.</summary>
    public void GiveUp(Participant participant)
    {
        if (participant is { Gone: not null, IsGivenUp: false })
        {
            participant.IsGivenUp = true;
            _hopes--;
        }
    }

    /// <summary>Gives a participant its verdict; the first one stands.</summary>
    public void Conclude(Participant participant, CollectedReply result)
    {
        if (participant.Result is not null)
        {
            return;
        }

        Return(participant);
        participant.Result = result;
        participant.Replied = true;
        ActiveCount--;
        _awaited.TryRemove(participant.NodeId, out _);
        if (result.Verdict.Kind == VerdictKind.Succeeded)
        {
            _succeeded++;
        }
        else if (result.Verdict.Kind != VerdictKind.NotNeeded)
        {
            LogNodeFailed(participant.NodeId, result.Verdict.Kind, result.Verdict.Reason);
        }

        _announce(RoundEventKind.Verdict, participant.NodeId, result.Verdict);
    }

    public void Conclude(Participant participant, VerdictKind kind, string reason) =>
        Conclude(participant, new CollectedReply((participant.Verdict ?? new NodeVerdict { NodeId = participant.NodeId, Kind = kind }) with
        {
            Kind = kind,
            Reason = reason,
        }));

    /// <summary>One verdict a participant, in ordinal order of the node ids; who is gone is lost, who else has none was not needed.</summary>
    public IReadOnlyList<CollectedReply> Results()
    {
        foreach (Participant open in Open.ToArray())
        {
            if (open.Gone is { } reason)
            {
                Conclude(open, VerdictKind.Lost, reason);
            }
            else
            {
                Conclude(open, VerdictKind.NotNeeded, $"the round had its {_needed} replies before");
            }
        }

        return [.. _participants.Values.OrderBy(p => p.NodeId, StringComparer.Ordinal).Select(p => p.Result!)];
    }

    [LoggerMessage(1110, LogLevel.Warning, "Node {NodeId}: {Verdict}: {Reason}")]
    private partial void LogNodeFailed(string nodeId, VerdictKind verdict, string? reason);

    [LoggerMessage(1111, LogLevel.Warning, "Node {NodeId} is lost for now: {Reason}")]
    private partial void LogGone(string nodeId, string reason);
}

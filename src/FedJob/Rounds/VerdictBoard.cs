using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>Which participant of a round has which verdict. One thread at a time writes it: the runner while it sends, then the collector's loop.</summary>
internal sealed partial class VerdictBoard
{
    private readonly Dictionary<string, Participant> _participants;
    private readonly ConcurrentDictionary<string, byte> _awaited;
    private readonly int _needed;
    private readonly ILogger _logger;
    private readonly Action<RoundEventKind, string?, NodeVerdict?> _announce;
    private int _succeeded;

    public VerdictBoard(IReadOnlyList<string> participants, int needed, ILogger logger, Action<RoundEventKind, string?, NodeVerdict?> announce)
    {
        (_needed, _logger, _announce) = (needed, logger, announce);
        _participants = participants.ToDictionary(id => id, id => new Participant(id), StringComparer.Ordinal);
        _awaited = new(participants.Select(id => KeyValuePair.Create(id, (byte)0)), StringComparer.Ordinal);
        OpenCount = participants.Count;
    }

    /// <summary>How many participants have no verdict yet.</summary>
    public int OpenCount { get; private set; }

    public bool HasQuorum => _succeeded >= _needed;

    /// <summary>The nodes whose terminal reply has not arrived; may be read on any thread.</summary>
    public IReadOnlyList<string> Awaited => [.. _awaited.Keys];

    public IEnumerable<Participant> Open => _participants.Values.Where(p => p.Result is null);

    public Participant this[string nodeId] => _participants[nodeId];

    /// <summary>Notes that a participant's terminal reply is there.</summary>
    public NodeVerdict Reply(Participant participant, TimeSpan replyTime)
    {
        participant.Replied = true;
        participant.Verdict = new NodeVerdict { NodeId = participant.NodeId, Kind = VerdictKind.NotNeeded, ReplyTime = replyTime };
        _awaited.TryRemove(participant.NodeId, out _);
        _announce(RoundEventKind.Replied, participant.NodeId, null);
        return participant.Verdict;
    }

    /// <summary>Gives a participant its verdict; the first one stands.</summary>
    public void Conclude(Participant participant, CollectedReply result)
    {
        if (participant.Result is not null)
        {
            return;
        }

        participant.Result = result;
        participant.Replied = true;
        OpenCount--;
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

    /// <summary>One verdict a participant, in ordinal order of the node ids; who has none was not needed.</summary>
    public IReadOnlyList<CollectedReply> Results()
    {
        foreach (Participant open in Open)
        {
            Conclude(open, VerdictKind.NotNeeded, $"the round had its {_needed} replies before");
        }

        return [.. _participants.Values.OrderBy(p => p.NodeId, StringComparer.Ordinal).Select(p => p.Result!)];
    }

    [LoggerMessage(1110, LogLevel.Warning, "Node {NodeId}: {Verdict}: {Reason}")]
    private partial void LogNodeFailed(string nodeId, VerdictKind verdict, string? reason);
}

using FedJob.Protocol.Messages;

namespace FedJob.Messaging;

/// <summary>
/// Who is there, and who has answered the question. Nobody knows how many nodes there are, so a census of all ends when it has been quiet for twice the
/// longest round trip seen (and at least a little); a census of named nodes when each has answered; both at the latest with the window.
/// </summary>
internal sealed class Census(TimeProvider timeProvider, TimeSpan window, TimeSpan leastQuiet, int sequence, IReadOnlySet<string>? asked = null)
{
    private readonly SortedDictionary<string, NodePong> _pongs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _replied = new(StringComparer.Ordinal);
    private readonly long _started = timeProvider.GetTimestamp();
    private readonly HashSet<string> _absent = new(StringComparer.Ordinal);
    private TimeSpan? _sentAfter;
    private TimeSpan _quietUntil = TimeSpan.MaxValue;
    private int _silent;

    public IReadOnlyList<NodePong> Pongs => [.. _pongs.Values];

    /// <summary>The nodes that answered the ping or the question, in ordinal order.</summary>
    public IReadOnlyList<string> Answered => [.. _pongs.Keys.Union(_replied, StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>How long a further pong may take to come.</summary>
    public TimeSpan RemainingForPongs => asked is null ? Earlier(_quietUntil) : IsComplete(_pongs.Keys, asked) ? TimeSpan.Zero : Earlier(WindowEnd);

    /// <summary>How long a further answer to the question may take to come.</summary>
    public TimeSpan RemainingForReplies =>
        asked is not null
            ? (IsComplete(_replied, asked) ? TimeSpan.Zero : Earlier(WindowEnd))
            : Earlier(_pongs.Count > 0 && _silent == 0 ? _quietUntil : WindowEnd);

    private TimeSpan WindowEnd => (_sentAfter ?? Elapsed) + window;

    private TimeSpan Elapsed => timeProvider.GetElapsedTime(_started);

    public PingRequest Ping(string researcherId) => new() { ResearcherId = researcherId, Sequence = sequence };

    /// <summary>All is published: the window begins. What the broker's acknowledgements took is not the nodes' time.</summary>
    public void Sent() => _sentAfter = Elapsed;

    /// <summary>Nobody listens on the node's topic: no answer is to be waited for.</summary>
    public void Absent(string nodeId) => _absent.Add(nodeId);

    /// <summary>Counts a pong; anything else, and a pong of another ping or of a node not asked, is let go.</summary>
    public void Take(QueryAnswer answer)
    {
        if (answer.Message is not PongReply pong || pong.Sequence != sequence || asked?.Contains(pong.NodeId) == false)
        {
            return;
        }

        TimeSpan roundTrip = timeProvider.GetElapsedTime(_started, answer.ArrivalTimestamp);
        if (_pongs.TryAdd(pong.NodeId, new NodePong(pong.NodeId, answer.IsFedJobNode, roundTrip)))
        {
            _quietUntil = roundTrip + (roundTrip * 2 > leastQuiet ? roundTrip * 2 : leastQuiet);
            _silent += _replied.Contains(pong.NodeId) ? 0 : 1;
        }
    }

    /// <summary>Counts an answer to the question; tells whether the node was asked.</summary>
    public bool TakeReply(string nodeId)
    {
        if (asked?.Contains(nodeId) == false)
        {
            return false;
        }

        if (_replied.Add(nodeId) && _pongs.ContainsKey(nodeId))
        {
            _silent--;
        }

        return true;
    }

    private bool IsComplete(ICollection<string> heard, IReadOnlySet<string> nodes) =>
        heard.Count == nodes.Count || (_absent.Count > 0 && nodes.All(n => _absent.Contains(n) || heard.Contains(n)));

    private TimeSpan Earlier(TimeSpan end) => (end < WindowEnd ? end : WindowEnd) - Elapsed;
}

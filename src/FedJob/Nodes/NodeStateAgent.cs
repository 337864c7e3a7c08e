using System.Collections.Immutable;

namespace FedJob.Nodes;

/// <summary>
/// Remembers, for one job, under which id each node keeps its state. An id is recorded only at the commit of a round, from a successful
/// training reply; a reply without an id keeps the old one. A node that leaves or fails keeps its last id and finds its state again when it
/// comes back; only a node that says that it cannot read its state any more is asked without an id from then on.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A node that trains in a committed round: the id of its reply counts from the next round on.</item>
/// <item>A node that fails, is late, sends an unusable update, or was not sampled: its id stays.</item>
/// <item>A round that misses its quorum, is cancelled or only validates: every id stays.</item>
/// <item>A node that leaves <see cref="Job.Data"/>: its id stays here, and it is asked with it once it is back.</item>
/// <item>A node that answers "Can't read previous node state": its id is let go, with a warning in the log.</item>
/// <item>A checkpoint holds all ids; a job that goes on as a branch begins with none, since the states belong to the first job.</item>
/// </list>
/// </remarks>
public sealed class NodeStateAgent
{
    private ImmutableSortedDictionary<string, string> _states = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The last state id of every node that has one, by node id: a snapshot that later rounds do not change.</summary>
    public IReadOnlyDictionary<string, string> States => Volatile.Read(ref _states);

    /// <summary>The last state id of a node.</summary>
    /// <param name="nodeId">The node.</param>
    /// <returns>The id, or <see langword="null"/> before the node's first committed round.</returns>
    public string? GetLastState(string nodeId) => Volatile.Read(ref _states).GetValueOrDefault(nodeId);

    /// <summary>Records the state ids of a round's successful replies, all at once.</summary>
    /// <param name="stateIds">The state id of each node; <see langword="null"/> keeps the old one.</param>
    public void Commit(IEnumerable<KeyValuePair<string, string?>> stateIds)
    {
        ArgumentNullException.ThrowIfNull(stateIds);
        ImmutableSortedDictionary<string, string>.Builder next = Volatile.Read(ref _states).ToBuilder();
        foreach ((string nodeId, string? stateId) in stateIds)
        {
            if (stateId is not null)
            {
                next[nodeId] = stateId;
            }
        }

        Volatile.Write(ref _states, next.ToImmutable());
    }

    /// <summary>Lets the state id of a node go, which the node cannot read any more; tells whether there was one.</summary>
    internal bool Forget(string nodeId)
    {
        ImmutableSortedDictionary<string, string> states = Volatile.Read(ref _states);
        Volatile.Write(ref _states, states.Remove(nodeId));
        return states.ContainsKey(nodeId);
    }
}

namespace FedJob.Messaging;

/// <summary>
/// Replies that nodes still owe to requests without an id of their own, whose round has ended without them. While one is owed, the next reply of that
/// node and job could belong to either request, so it is used for neither. Not thread-safe.
/// </summary>
internal sealed class KeylessDebts
{
    private readonly Dictionary<(string NodeId, string JobId), (int Count, long AnswerBy)> _debts = [];

    public void Add(string nodeId, string jobId, long answerBy)
    {
        (int count, long earlier) = _debts.GetValueOrDefault((nodeId, jobId));
        _debts[(nodeId, jobId)] = (count + 1, Math.Max(earlier, answerBy));
    }

    public int Count(string nodeId, string jobId) => _debts.GetValueOrDefault((nodeId, jobId)).Count;

    /// <summary>Whether the time in which an owed reply may come is not over.</summary>
    public bool IsRunning(string nodeId, string jobId, long now) =>
        _debts.TryGetValue((nodeId, jobId), out (int Count, long AnswerBy) debt) && now < debt.AnswerBy;

    /// <summary>An owed reply came; tells whether there was one.</summary>
    public bool Settle(string nodeId, string jobId)
    {
        if (!_debts.TryGetValue((nodeId, jobId), out (int Count, long AnswerBy) debt))
        {
            return false;
        }

        if (debt.Count == 1)
        {
            _debts.Remove((nodeId, jobId));
        }
        else
        {
            _debts[(nodeId, jobId)] = debt with { Count = debt.Count - 1 };
        }

        return true;
    }
}

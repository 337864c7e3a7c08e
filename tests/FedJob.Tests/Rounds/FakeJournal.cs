using FedJob.Messaging;
using FedJob.Protocol.Storage;
using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

/// <summary>A journal in memory: what a round told it, in order.</summary>
internal sealed class FakeJournal : IRoundJournal
{
    private readonly Lock _lock = new();
    private readonly List<string> _entries = [];

    public OpenRound? Open { get; set; }

    /// <summary>Thrown by every entry; null to take them.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What an entry waits for until it is durable; null to be so at once.</summary>
    public Func<string, Task>? Durable { get; set; }

    public IReadOnlyList<string> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries];
            }
        }
    }

    public Task BeginAsync(OpenRound round) => Note($"begin {round.Round}");

    public Task ContinueAsync(IReadOnlyList<string> participants, TimeSpan elapsed) => Note("continue");

    public Task AddRequestAsync(TrainOrder order) => Note($"request {order.Ticket.NodeId}");

    public Task AddReplyAsync(NodeReply reply, TimeSpan elapsed) => Note($"reply {reply.Ticket.NodeId}");

    public Task AddVerdictAsync(TrainTicket ticket, CollectedReply result, FileDigest? fileDigest) => Note($"verdict {ticket.NodeId} {result.Verdict.Kind}");

    public Task SuspendAsync() => Note("suspend");

    public Task KeepTimeAsync(TimeSpan elapsed) => Note("time");

    /// <summary>Notes what happened beside the journal, to see the order.</summary>
    public void Mark(string entry)
    {
        lock (_lock)
        {
            _entries.Add(entry);
        }
    }

    private async Task Note(string entry)
    {
        Mark(entry);
        if (Failure is not null)
        {
            throw Failure;
        }

        await (Durable?.Invoke(entry) ?? Task.CompletedTask);
    }
}

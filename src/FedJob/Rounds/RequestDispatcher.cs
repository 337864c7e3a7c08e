using System.Collections.Concurrent;
using FedJob.Messaging;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>
/// Sends a round's requests, and sends them again: to a FedJob node under the same id, which it answers from what it kept; to a Python node under a new one,
/// since it trains whatever it is sent. Nothing is sent before it is in the journal.
/// </summary>
internal sealed partial class RequestDispatcher(
    IReplyWindow window, IRequests requests, IRoundJournal journal, Announcement announce, ILogger logger)
{
    /// <summary>Requests published at a time: enough to hide the broker's round trip, few enough for its in-flight limit.</summary>
    private const int PublishParallelism = 16;

    private readonly ConcurrentDictionary<string, Dispatch> _ofNode = new(StringComparer.Ordinal);
    private readonly ILogger _logger = logger;

    /// <summary>The request each node was last sent.</summary>
    public IReadOnlyDictionary<string, TrainOrder> Orders => _ofNode.ToDictionary(o => o.Key, o => o.Value.Order, StringComparer.Ordinal);

    /// <summary>Writes and checks requests; who must not be asked now has its verdict at once.</summary>
    public void Compose(IEnumerable<TrainOrder> orders, VerdictBoard board)
    {
        foreach (TrainOrder order in orders)
        {
            if (window.Compose(order.Ticket, order.Request, order.Properties, out string? refusal) is { } message)
            {
                _ofNode[order.Ticket.NodeId] = new Dispatch(order, message);
            }
            else
            {
                board.Conclude(board[order.Ticket.NodeId], VerdictKind.Rejected, refusal ?? "not asked");
            }
        }
    }

    /// <summary>Sends what was composed for the nodes that have not replied; those of a continued round are asked again.</summary>
    /// <returns>The nodes on whose topic nobody listens, in ordinal order.</returns>
    public async Task<IReadOnlyList<string>> SendAsync(RoundIntent intent, CancellationToken cancellationToken)
    {
        var unheard = new ConcurrentBag<string>();
        var asked = (intent.Open?.Orders ?? []).Select(o => o.Ticket.RequestId).ToHashSet(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            intent.Unanswered.Where(_ofNode.ContainsKey),
            new ParallelOptions { MaxDegreeOfParallelism = PublishParallelism, CancellationToken = cancellationToken },
            async (nodeId, token) =>
            {
                Dispatch dispatch = _ofNode[nodeId];
                PublishOutcome? outcome = asked.Contains(dispatch.Order.Ticket.RequestId) && !KeepsId(nodeId)
                    ? await RepeatAsync(nodeId, sameId: false, token).ConfigureAwait(false)
                    : await SendAsync(dispatch, token).ConfigureAwait(false);
                if (outcome == PublishOutcome.NoSubscribers)
                {
                    unheard.Add(nodeId);
                }
            }).ConfigureAwait(false);
        return [.. unheard.Order(StringComparer.Ordinal)];
    }

    /// <summary>Asks a node that joins the round late.</summary>
    public async Task<PublishOutcome> AskAsync(TrainOrder order, CancellationToken cancellationToken)
    {
        await journal.AddRequestAsync(order).ConfigureAwait(false);
        window.Add(order.Ticket);
        if (window.Compose(order.Ticket, order.Request, order.Properties, out _) is not { } message)
        {
            return PublishOutcome.NoSubscribers;
        }

        var dispatch = new Dispatch(order, message);
        _ofNode[order.Ticket.NodeId] = dispatch;
        return await SendAsync(dispatch, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a node may be asked again under the same id: it keeps its reply, and trains no request twice.</summary>
    public bool KeepsId(string nodeId) => requests.IsFedJobNode(nodeId);

    /// <summary>Asks a node once more.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="sameId">Whether under the same id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the broker said; <see langword="null"/> where the node cannot be asked again or the broker could not be reached: the link says when it is back.</returns>
    public async Task<PublishOutcome?> RepeatAsync(string nodeId, bool sameId, CancellationToken cancellationToken)
    {
        if (!_ofNode.TryGetValue(nodeId, out Dispatch? dispatch))
        {
            return null;
        }

        if (!sameId && dispatch.Order.Request.SecaggServerKeyId is not null && !KeepsId(nodeId))
        {
            // Without an id of its own its replies could not be told apart.
            return null;
        }

        announce(RoundEventKind.Repeated, nodeId);
        try
        {
            return sameId
                ? await SendAsync(dispatch, cancellationToken).ConfigureAwait(false)
                : await AskAsync(dispatch.Order.With(requests.NewRequestId()), cancellationToken).ConfigureAwait(false);
        }
        catch (MessagingException unreachable)
        {
            LogNotRepeated(nodeId, unreachable.Message);
            return null;
        }
    }

    private async Task<PublishOutcome> SendAsync(Dispatch dispatch, CancellationToken cancellationToken)
    {
        string nodeId = dispatch.Order.Ticket.NodeId;
        LogSending(dispatch.Order.Ticket.RequestId, nodeId);
        PublishOutcome outcome = await window.SendAsync(dispatch.Order.Ticket, dispatch.Message, cancellationToken).ConfigureAwait(false);
        announce(RoundEventKind.Sent, nodeId);
        if (outcome == PublishOutcome.Accepted)
        {
            announce(RoundEventKind.Acknowledged, nodeId);
        }

        return outcome;
    }

    [LoggerMessage(1112, LogLevel.Debug, "Request {RequestId} goes out to node {NodeId}")]
    private partial void LogSending(string requestId, string nodeId);

    [LoggerMessage(1113, LogLevel.Information, "Node {NodeId} could not be asked again now: {Reason}")]
    private partial void LogNotRepeated(string nodeId, string reason);

    private sealed record Dispatch(TrainOrder Order, OutboundMessage Message);
}

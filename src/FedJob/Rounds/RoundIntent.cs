using FedJob.Aggregation;
using FedJob.Messaging;
using FedJob.Protocol.Mqtt;

namespace FedJob.Rounds;

/// <summary>
/// Whom a round asks, and for what: chosen anew, or as the journal knows it from an earlier process or attempt that did not come to its end. Nodes that have
/// replied are not asked again.
/// </summary>
internal sealed record RoundIntent
{
    /// <summary>How many successes the round can use: the sampler's choice, without those asked beyond it.</summary>
    public required int Goal { get; init; }

    /// <summary>Everybody asked, in ordinal order.</summary>
    public required IReadOnlyList<string> Participants { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>The round to continue; <see langword="null"/> where a new one begins.</summary>
    public OpenRound? Open { get; init; }

    /// <summary>Decides it: an open round goes on if it still asks for the same and its participants are still the job's.</summary>
    public static RoundIntent Decide(RoundContext context, RoundRequest request, RoundPolicy policy, OpenRound? open)
    {
        string fingerprint = RoundFingerprint.Of(context, request);
        if (open is not null && open.Round == context.Round && open.Training == request.Training && open.Fingerprint == fingerprint
            && open.Participants.All(context.Data.Datasets.ContainsKey))
        {
            return new RoundIntent { Goal = open.Goal, Participants = open.Participants, Fingerprint = fingerprint, Open = open };
        }

        IReadOnlyList<string> chosen = ParticipantChoice.Sample(context, request.Sampler!);
        policy.Validate(chosen.Count);
        if (request.Training)
        {
            RuleChecks.Validate(request.Aggregator!, chosen.Count, context.JobId, context.Round);
        }

        int more = (int)Math.Ceiling((policy.OverSelection * chosen.Count) - 1e-9);
        IEnumerable<string> beyond = more > 0 ? new Substitutes(context, chosen).Take(more) : [];
        return new RoundIntent
        {
            Goal = chosen.Count,
            Participants = [.. chosen.Concat(beyond).Order(StringComparer.Ordinal)],
            Fingerprint = fingerprint,
        };
    }

    /// <summary>The request of each participant, those of an open round as they were sent: a node that was asked for the same dataset is not asked for more.</summary>
    public async Task<IReadOnlyList<TrainOrder>> OrdersAsync(RoundContext context, TrainOrders orders, CancellationToken cancellationToken)
    {
        Dictionary<string, TrainOrder> known = [];
        foreach (TrainOrder order in Open?.Orders ?? [])
        {
            if (context.Data.Datasets.TryGetValue(order.Ticket.NodeId, out var dataset) && dataset.DatasetId == order.Request.DatasetId)
            {
                known[order.Ticket.NodeId] = order;
            }
        }

        var result = new List<TrainOrder>(Participants.Count);
        foreach (string nodeId in Participants)
        {
            result.Add(known.TryGetValue(nodeId, out TrainOrder? order) ? order : await orders.BuildAsync(nodeId, cancellationToken).ConfigureAwait(false));
        }

        return result;
    }

    /// <summary>Journals the intent before anything is sent.</summary>
    public async Task JournalAsync(RoundContext context, bool training, IReadOnlyList<TrainOrder> orders, IRoundJournal journal)
    {
        if (Open is null)
        {
            await journal.BeginAsync(new OpenRound
            {
                Round = context.Round,
                Training = training,
                Goal = Goal,
                Fingerprint = Fingerprint,
                Participants = Participants,
                Orders = orders,
            }).ConfigureAwait(false);
            return;
        }

        await journal.ContinueAsync(Participants, Open.Elapsed).ConfigureAwait(false);
        foreach (TrainOrder order in orders.Except(Open.Orders))
        {
            await journal.AddRequestAsync(order).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Makes out which of the nodes to ask again, and of the strangers, are FedJob nodes, as a new connection does not know it yet: only they get a request's id,
    /// the seed and the digests, and may get their request again under the same id.
    /// </summary>
    /// <returns>The nodes that are strangers still.</returns>
    public async Task<IReadOnlyCollection<string>> MeetAsync(IRequests requests, IReadOnlyCollection<string> strangers, CancellationToken cancellationToken)
    {
        string[] unknown = [.. (Open is null ? [] : Unanswered).Union(strangers.Where(n => !requests.IsFedJobNode(n)), StringComparer.Ordinal)];
        if (unknown.Length == 0 || requests.ConnectionState != ConnectionState.Open)
        {
            return strangers;
        }

        await requests.PingAsync(unknown, cancellationToken).ConfigureAwait(false);
        return [];
    }

    /// <summary>Every request whose reply counts: also those of an open round that were repeated since.</summary>
    public IReadOnlyList<TrainTicket> TicketsOf(IReadOnlyList<TrainOrder> asked)
    {
        var among = Participants.ToHashSet(StringComparer.Ordinal);
        return [.. asked.Concat(Open?.Orders ?? []).Select(o => o.Ticket).DistinctBy(t => t.RequestId, StringComparer.Ordinal).Where(t => among.Contains(t.NodeId))];
    }

    /// <summary>The participants whose reply the journal does not hold.</summary>
    public IEnumerable<string> Unanswered => Participants.Except((Open?.Replies ?? []).Select(r => r.Ticket.NodeId), StringComparer.Ordinal);
}

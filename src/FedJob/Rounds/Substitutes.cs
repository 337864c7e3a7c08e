using FedJob.Protocol.Mqtt;

namespace FedJob.Rounds;

/// <summary>The job's nodes that the sampler did not choose, in an order drawn from the job's seed: for over-selection, and in place of nodes that fail.</summary>
internal sealed class Substitutes
{
    private readonly Queue<string> _others;
    private readonly TrainOrders? _orders;

    /// <param name="context">The round.</param>
    /// <param name="chosen">Who is asked already.</param>
    /// <param name="orders">Makes the request of one that is asked late.</param>
    public Substitutes(RoundContext context, IReadOnlyCollection<string> chosen, TrainOrders? orders = null)
    {
        string[] others = [.. (context.Available ?? context.Data).Nodes.Except(chosen, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        new Random(context.Seed + context.Round).Shuffle(others);
        (_others, _orders) = (new Queue<string>(others), orders);
    }

    /// <summary>The next of them; <see langword="null"/> when all are asked.</summary>
    public string? Next() => _others.TryDequeue(out string? nodeId) ? nodeId : null;

    /// <summary>The next so many of them, or as many as there are.</summary>
    public IEnumerable<string> Take(int count)
    {
        for (; count > 0 && Next() is { } nodeId; count--)
        {
            yield return nodeId;
        }
    }

    /// <summary>Asks one of them; tells why it could not be.</summary>
    public async Task<string?> AskAsync(string nodeId, RequestDispatcher dispatcher, CancellationToken cancellationToken)
    {
        TrainOrder order = await _orders!.BuildAsync(nodeId, cancellationToken).ConfigureAwait(false);
        try
        {
            return await dispatcher.AskAsync(order, cancellationToken).ConfigureAwait(false) == PublishOutcome.NoSubscribers
                ? "nobody listens on the node's topic: it is not connected to this broker"
                : null;
        }
        catch (MessagingException unreachable)
        {
            return $"its request could not be sent: {unreachable.Message}";
        }
    }
}

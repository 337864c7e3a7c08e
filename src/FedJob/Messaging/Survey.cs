using System.Diagnostics.CodeAnalysis;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Messaging;

/// <summary>
/// Asks nodes a question and collects their answers: with a node list until all have answered or the window ends; without one until every node that
/// answered the ping has answered the question, or the window ends. Surveys run one at a time, since most answers name no request.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Whoever still waits for the turn must get it, to learn that it is over; the semaphore holds nothing that needs release.")]
internal sealed class Survey(IMqttLink link, ReplyRouter router, string researcherId, TimeProvider timeProvider)
{
    /// <summary>The least time without a further pong after which a fleet is taken as complete.</summary>
    private static readonly TimeSpan LeastQuiet = TimeSpan.FromMilliseconds(100);

    private const int MostNodesAskedOneByOne = 16;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _sequence;

    public int NextSequence() => Interlocked.Increment(ref _sequence);

    /// <summary>Asks who is there.</summary>
    public async Task<IReadOnlyList<NodePong>> PingAsync(HashSet<string>? asked, TimeSpan window, CancellationToken cancellationToken)
    {
        using NodeQuery query = router.OpenQuery();
        var census = new Census(timeProvider, window, LeastQuiet, NextSequence(), asked);
        await PublishAsync(census, NodesOf(asked, oneByOne: false), _ => [census.Ping(researcherId)], cancellationToken).ConfigureAwait(false);
        census.Sent();
        while (await query.NextAsync(census.RemainingForPongs, cancellationToken).ConfigureAwait(false) is { } answer)
        {
            census.Take(answer);
        }

        return census.Pongs;
    }

    /// <summary>Asks and collects: a ping and the question.</summary>
    /// <param name="question">The question to a node; its argument is <see langword="null"/> for the one to all nodes.</param>
    /// <param name="asked">The nodes asked; <see langword="null"/> for all.</param>
    /// <param name="oneByOne">Whether nobody but those asked may hear it; otherwise many are asked by one message to all, whose other answers are let go.</param>
    /// <param name="window">How long answers may take.</param>
    /// <param name="read">What a message answers; <see langword="null"/> where it is no answer.</param>
    /// <param name="cancellationToken">Ends the survey.</param>
    public async Task<SurveyResult<T>> RunAsync<T>(
        Func<string?, ResearcherRequest> question,
        HashSet<string>? asked,
        bool oneByOne,
        TimeSpan window,
        Func<NodeMessage, T?> read,
        CancellationToken cancellationToken)
        where T : class
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using NodeQuery query = router.OpenQuery();
            var census = new Census(timeProvider, window, LeastQuiet, NextSequence(), asked);
            var found = new SortedDictionary<string, T>(StringComparer.Ordinal);
            await PublishAsync(census, NodesOf(asked, oneByOne), node => [census.Ping(researcherId), question(node)], cancellationToken).ConfigureAwait(false);
            census.Sent();
            while (await query.NextAsync(census.RemainingForReplies, cancellationToken).ConfigureAwait(false) is { } answer)
            {
                census.Take(answer);
                if (read(answer.Message) is { } value && census.TakeReply(answer.Message.NodeId))
                {
                    found[answer.Message.NodeId] = value;
                }
            }

            return new SurveyResult<T>(found, census.Answered);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static IEnumerable<string?> NodesOf(HashSet<string>? asked, bool oneByOne) =>
        asked is not null && (oneByOne || asked.Count <= MostNodesAskedOneByOne) ? asked.Order(StringComparer.Ordinal) : [null];

    private async Task PublishAsync(
        Census census, IEnumerable<string?> nodes, Func<string?, ResearcherRequest[]> requests, CancellationToken cancellationToken)
    {
        foreach (string? node in nodes)
        {
            string topic = node is null ? Topics.AllNodes : Topics.Node(node);
            foreach (ResearcherRequest request in requests(node))
            {
                var message = new OutboundMessage { Topic = topic, Payload = MessageWriter.Write(request) };
                if (await link.PublishAsync(message, cancellationToken).ConfigureAwait(false) == PublishOutcome.NoSubscribers && node is not null)
                {
                    census.Absent(node);
                }
            }
        }
    }
}

using System.Globalization;
using FedJob.Abstractions;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Messaging;

/// <summary>What a researcher asks nodes over MQTT. Queries (ping, search, list) run one at a time, train requests of any number of jobs side by side.</summary>
public sealed class Requests : IRequests, IAsyncDisposable
{
    /// <summary>The least time without a further pong after which a fleet is taken as complete.</summary>
    private static readonly TimeSpan LeastQuiet = TimeSpan.FromMilliseconds(100);

    private const int MostNodesAskedOneByOne = 16;

    private readonly IMqttLink _link;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _searchWindow;
    private readonly ReplyRouter _router;
    private readonly SemaphoreSlim _queryTurn = new(1, 1);
    private int _sequence;
    private long _requestNumber;
    private int _disposed;

    /// <summary>Makes requests over an open link, which must listen to the topics of <see cref="Subscriptions"/>; the link stays the caller's.</summary>
    /// <param name="link">The link.</param>
    /// <param name="researcherId">The researcher's id: an <see cref="Identifier"/> of at most 100 characters.</param>
    /// <param name="searchWindow">How long nodes may take to answer a ping, search or list; above 0.</param>
    /// <param name="logger">Where refused messages are logged.</param>
    /// <param name="timeProvider">The clock.</param>
    public Requests(IMqttLink link, string researcherId, TimeSpan searchWindow, ILogger<Requests> logger, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(searchWindow, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Identifier.Check(researcherId).Length, 100, nameof(researcherId));
        (_link, ResearcherId, _searchWindow, _timeProvider) = (link, researcherId, searchWindow, timeProvider);

        // A researcher id may be kept over restarts: numbers that begin at the clock are not taken twice, so that no late reply to an earlier process fits.
        _requestNumber = timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        _router = new ReplyRouter(link, researcherId, timeProvider, logger);
    }

    /// <summary>What the link of a researcher listens to.</summary>
    public static IReadOnlyList<MqttSubscription> Subscriptions { get; } =
    [
        new(Topics.Researchers, 65_536), new(Topics.Monitoring, 16_384), new(Topics.Logger, 16_384),
    ];

    /// <inheritdoc/>
    public string ResearcherId { get; }

    /// <inheritdoc/>
    public ConnectionState ConnectionState => _link.State;

    /// <inheritdoc/>
    public long RefusedCount => _router.RefusedCount;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<NodePong>> PingAsync(
        IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        HashSet<string>? asked = Named(nodes);
        using NodeQuery query = _router.OpenQuery();
        var census = new Census(_timeProvider, _searchWindow, LeastQuiet, NextSequence(), asked);
        await AskAsync(asked, [census.Ping(ResearcherId)], cancellationToken).ConfigureAwait(false);
        census.Sent();
        while (await query.NextAsync(census.RemainingForPongs, cancellationToken).ConfigureAwait(false) is { } answer)
        {
            census.Take(answer);
        }

        return census.Pongs;
    }

    /// <inheritdoc/>
    public async Task<FederatedDataset> SearchAsync(
        IReadOnlyList<string> tags, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(tags);
        string[] wanted = [.. tags];
        HashSet<string>? asked = Named(nodes);
        (SortedDictionary<string, IReadOnlyList<DatasetEntry>> found, IReadOnlyList<string> answered) = await QueryAsync(
            new SearchRequest { ResearcherId = ResearcherId, Tags = wanted },
            asked,
            message => message is SearchReply { Success: true } reply && reply.Databases.All(d => wanted.All(d.Tags.Contains)) ? reply.Databases : null,
            cancellationToken).ConfigureAwait(false);
        KeyValuePair<string, DatasetEntry>[] first =
            [.. found.Where(f => f.Value.Count > 0).Select(f => KeyValuePair.Create(f.Key, f.Value[0]))];
        return first.Length > 0 ? new FederatedDataset(first) : throw NothingFound(wanted, asked, answered);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>>> ListAsync(
        IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return (await QueryAsync(
            new ListRequest { ResearcherId = ResearcherId },
            Named(nodes),
            message => message is ListReply { Success: true } reply ? reply.Databases : null,
            cancellationToken).ConfigureAwait(false)).Found;
    }

    /// <inheritdoc/>
    public string NewRequestId() =>
        string.Create(CultureInfo.InvariantCulture, $"{ResearcherId}.{Interlocked.Increment(ref _requestNumber)}");

    /// <inheritdoc/>
    public IReplyWindow OpenReplyWindow(IReadOnlyList<TrainTicket> tickets)
    {
        ArgumentNullException.ThrowIfNull(tickets);
        ThrowIfDisposed();
        return new ReplyWindow(_link, _router.Pending, [.. tickets], ResearcherId, _router.IsFedJobNode);
    }

    /// <inheritdoc/>
    public Subscription<NodeMetric> SubscribeToMetrics(string jobId)
    {
        Identifier.Check(jobId);
        return _router.Metrics.Subscribe(m => m.Message.JobId == jobId);
    }

    /// <inheritdoc/>
    public Subscription<NodeLog> SubscribeToLogs(string? jobId = null) => _router.Logs.Subscribe(l => jobId is null || l.JobId == jobId);

    /// <summary>Ends every stream; whatever waits for a reply learns it. The link stays open. May be called more than once.</summary>
    /// <returns>A task that ends when nothing is running any more.</returns>
    public async ValueTask DisposeAsync()
    {
        // The turn is not disposed: whoever still waits for it must get it, to learn that it is over. It holds nothing that needs release.
        Volatile.Write(ref _disposed, 1);
        await _router.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Asks and collects: a ping and the question. With a node list until all have answered or the window ends; without one until every node that
    /// answered the ping has answered the question, or the window ends. A node without a match stays silent, so the window is what ends a search
    /// that not everybody can answer; the pings tell such nodes from those that are not there.
    /// </summary>
    private async Task<(SortedDictionary<string, IReadOnlyList<DatasetEntry>> Found, IReadOnlyList<string> Answered)> QueryAsync(
        ResearcherRequest request,
        HashSet<string>? asked,
        Func<NodeMessage, IReadOnlyList<DatasetEntry>?> read,
        CancellationToken cancellationToken)
    {
        await _queryTurn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using NodeQuery query = _router.OpenQuery();
            var census = new Census(_timeProvider, _searchWindow, LeastQuiet, NextSequence(), asked);
            var found = new SortedDictionary<string, IReadOnlyList<DatasetEntry>>(StringComparer.Ordinal);
            await AskAsync(asked, [census.Ping(ResearcherId), request], cancellationToken).ConfigureAwait(false);
            census.Sent();
            while (await query.NextAsync(census.RemainingForReplies, cancellationToken).ConfigureAwait(false) is { } answer)
            {
                census.Take(answer);
                if (read(answer.Message) is { } entries && census.TakeReply(answer.Message.NodeId))
                {
                    found[answer.Message.NodeId] = entries;
                }
            }

            return (found, census.Answered);
        }
        finally
        {
            _queryTurn.Release();
        }
    }

    /// <summary>Publishes to all nodes or to those asked; many are asked by one message to all, whose other answers are let go.</summary>
    private async Task AskAsync(HashSet<string>? asked, ResearcherRequest[] requests, CancellationToken cancellationToken)
    {
        foreach (string topic in asked is { Count: <= MostNodesAskedOneByOne } ? asked.Select(Topics.Node) : [Topics.AllNodes])
        {
            foreach (ResearcherRequest request in requests)
            {
                await _link.PublishAsync(new OutboundMessage { Topic = topic, Payload = MessageWriter.Write(request) }, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    private static HashSet<string>? Named(IReadOnlyCollection<string>? nodes) => nodes switch
    {
        null => null,
        { Count: 0 } => throw new ArgumentException("The node list is empty; name at least one node, or pass null to ask all.", nameof(nodes)),
        _ => new HashSet<string>(nodes.Select(n => Identifier.Check(n)), StringComparer.Ordinal),
    };

    private int NextSequence() => Interlocked.Increment(ref _sequence);

    private NodeSearchException NothingFound(string[] tags, HashSet<string>? asked, IReadOnlyList<string> answered)
    {
        string wanted = tags.Length == 0 ? "any dataset" : $"datasets tagged {string.Join(", ", tags)}";
        string where = asked is null ? string.Empty : $" at {Some(asked)}";
        return answered.Count == 0
            ? new NodeSearchException(
                FedJobErrorCode.NoNodeAnswered,
                $"Searched for {wanted}{where}: no node answered within {_searchWindow.TotalSeconds:0.###} s. Check that nodes are running and use this broker.",
                answered)
            : new NodeSearchException(
                FedJobErrorCode.NoDatasetFound,
                $"Searched for {wanted}{where}: {answered.Count} node(s) answered ({Some(answered)}), none holds such data. Check the tags.",
                answered);
    }

    private static string Some(IReadOnlyCollection<string> nodes) =>
        string.Join(", ", nodes.Order(StringComparer.Ordinal).Take(10)) + (nodes.Count > 10 ? ", ..." : string.Empty);

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}

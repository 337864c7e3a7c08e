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
    private readonly IMqttLink _link;
    private readonly TimeSpan _searchWindow;
    private readonly ReplyRouter _router;
    private readonly Survey _survey;
    private readonly ApprovalSurvey _approvals;
    private long _requestNumber;
    private int _disposed;

    /// <summary>Makes requests over an open link, which must listen to the topics of <see cref="Subscriptions"/>; the link stays the caller's.</summary>
    /// <param name="link">The link.</param>
    /// <param name="researcherId">The researcher's id: an <see cref="Identifier"/> of at most 100 characters.</param>
    /// <param name="searchWindow">How long nodes may take to answer a ping, search or list; above 0.</param>
    /// <param name="approvalWindow">How long nodes may take to answer a question about a plan's approval, with its download; above 0.</param>
    /// <param name="logger">Where refused messages are logged.</param>
    /// <param name="timeProvider">The clock.</param>
    public Requests(
        IMqttLink link, string researcherId, TimeSpan searchWindow, TimeSpan approvalWindow, ILogger<Requests> logger, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(searchWindow, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(approvalWindow, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Identifier.Check(researcherId).Length, 100, nameof(researcherId));
        (_link, ResearcherId, _searchWindow) = (link, researcherId, searchWindow);

        // A researcher id may be kept over restarts: numbers that begin at the clock are not taken twice, so that no late reply to an earlier process fits.
        _requestNumber = timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        _router = new ReplyRouter(link, researcherId, timeProvider, logger);
        _survey = new Survey(link, _router, researcherId, timeProvider);
        _approvals = new ApprovalSurvey(_survey, researcherId, approvalWindow);
    }

    /// <summary>What the link of a researcher listens to.</summary>
    public static IReadOnlyList<MqttSubscription> Subscriptions { get; } =
    [
        new(Topics.Researchers, 65_536) { ManualAcknowledge = true },
        new(Topics.Monitoring, 16_384),
        new(Topics.Logger, 16_384),
        new(Topics.AllPresence, 65_536),
    ];

    /// <inheritdoc/>
    public string ResearcherId { get; }

    /// <inheritdoc/>
    public ConnectionState ConnectionState => _link.State;

    /// <inheritdoc/>
    public long RefusedCount => _router.RefusedCount;

    /// <inheritdoc/>
    public event EventHandler<ConnectionStateChangedEventArgs>? ConnectionStateChanged
    {
        add => _link.StateChanged += value;
        remove => _link.StateChanged -= value;
    }

    /// <inheritdoc/>
    public bool IsFedJobNode(string nodeId) => _router.IsFedJobNode(nodeId);

    /// <inheritdoc/>
    public Task<IReadOnlyList<NodePong>> PingAsync(IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _survey.PingAsync(Named(nodes), _searchWindow, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<FederatedDataset> SearchAsync(
        IReadOnlyList<string> tags, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(tags);
        string[] wanted = [.. tags];
        if (wanted.Contains(null))
        {
            throw new ArgumentException("A tag is null; give texts, or no tag to match every dataset.", nameof(tags));
        }

        HashSet<string>? asked = Named(nodes);
        var question = new SearchRequest { ResearcherId = ResearcherId, Tags = wanted };

        // A node without a match stays silent, so the window is what ends a search that not everybody can answer; the pings tell such nodes from
        // those that are not there.
        SurveyResult<IReadOnlyList<DatasetEntry>> result = await _survey.RunAsync(
            _ => question,
            asked,
            oneByOne: false,
            _searchWindow,
            message => message is SearchReply { Success: true } reply && reply.Databases.All(d => wanted.All(d.Tags.Contains)) ? reply.Databases : null,
            cancellationToken).ConfigureAwait(false);
        KeyValuePair<string, DatasetEntry>[] first =
            [.. result.Found.Where(f => f.Value.Count > 0).Select(f => KeyValuePair.Create(f.Key, f.Value[0]))];
        return first.Length > 0 ? new FederatedDataset(first) : throw NothingFound(wanted, asked, result.Answered);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>>> ListAsync(
        IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        var question = new ListRequest { ResearcherId = ResearcherId };
        return (await _survey.RunAsync(
            _ => question,
            Named(nodes),
            oneByOne: false,
            _searchWindow,
            message => message is ListReply { Success: true } reply ? reply.Databases : null,
            cancellationToken).ConfigureAwait(false)).Found;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, TrainingPlanApproval>> CheckTrainingPlanApprovalAsync(
        string jobId, Uri trainingPlanUrl, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        Identifier.Check(jobId);
        ArgumentNullException.ThrowIfNull(trainingPlanUrl);
        return _approvals.CheckAsync(jobId, trainingPlanUrl, Named(nodes), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, ApprovalRequestAnswer>> RequestTrainingPlanApprovalAsync(
        Uri trainingPlanUrl, string description, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(trainingPlanUrl);
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        return _approvals.RequestAsync(trainingPlanUrl, description, Named(nodes), cancellationToken);
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
    public Subscription<NodePresence> SubscribeToPresence() => _router.Presence.Subscribe(_ => true);

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

    private static HashSet<string>? Named(IReadOnlyCollection<string>? nodes) => nodes switch
    {
        null => null,
        { Count: 0 } => throw new ArgumentException("The node list is empty; name at least one node, or pass null to ask all.", nameof(nodes)),
        _ => new HashSet<string>(nodes.Select(n => Identifier.Check(n)), StringComparer.Ordinal),
    };

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

using FedJob.Abstractions;
using FedJob.Node.Approval;
using FedJob.Node.Datasets;
using FedJob.Node.Execution;
using FedJob.Node.State;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Node;

/// <summary>
/// A node of a federation: it holds data, and trains approved plans on it when a researcher asks. Pings, searches and lists are answered at
/// once, train
/// requests one at a time. Data never leaves it; parameters, metrics and what a plan logs do.
/// </summary>
/// <example><code>
/// var options = new FederatedNodeOptions { StateDirectory = "node-state" };
/// options.Repository.Address = new Uri("http://127.0.0.1:8844/");
/// await using FederatedNode node = await FederatedNode.StartAsync(options, null, loggerFactory, TimeProvider.System, cancellationToken);
/// await node.Datasets.AddCsvAsync("penguins.csv", "penguins", ["penguins"], "Palmer penguins", cancellationToken);
/// await node.Completion;
/// </code></example>
public sealed partial class FederatedNode : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly StateDirectory _directory;
    private readonly NodeConnections _connections;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private IMqttLink? _link;
    private NodeWork? _work;
    private Task? _disposal;

    private FederatedNode(
        string id,
        StateDirectory directory,
        DatasetRegistry datasets,
        NodeConnections connections,
        ILogger logger,
        TimeProvider timeProvider)
    {
        (Id, _directory, Datasets, _connections, _logger, _timeProvider) = (id, directory, datasets, connections, logger, timeProvider);
        Approvals = PlanApprovals.Open(directory.Root, timeProvider);
    }

    /// <summary>Raised, away from any run, when the load context of a finished run is seen to be gone from memory, or not to go.</summary>
    public event EventHandler<PlanUnloadedEventArgs>? PlanUnloaded;

    /// <summary>The node's id.</summary>
    public string Id { get; }

    /// <summary>The node's datasets; more can be added while it runs.</summary>
    public DatasetRegistry Datasets { get; }

    /// <summary>Which training plans may run here.</summary>
    public PlanApprovals Approvals { get; }

    /// <summary>The state of the link to the broker.</summary>
    public ConnectionState State => _link?.State ?? ConnectionState.Closed;

    /// <summary>
    /// Ends when the node no longer works: successfully after disposal, with the reason when the broker refused it for good.
    /// </summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Starts a node; it is connected and answers when this returns.</summary>
    /// <param name="options">How it runs; read once, here.</param>
    /// <param name="datasets">Data to offer from the start, beside <see cref="FederatedNodeOptions.Datasets"/>.</param>
    /// <param name="loggerFactory">Where it logs.</param>
    /// <param name="timeProvider">Its clock.</param>
    /// <param name="cancellationToken">Ends the start; nothing is left behind.</param>
    /// <returns>The running node.</returns>
    /// <exception cref="FedJobException">
    /// An option is not allowed, the state directory is in use or cannot be written, a dataset is refused, or the broker cannot be reached.
    /// Nothing is left behind.
    /// </exception>
    public static Task<FederatedNode> StartAsync(
        FederatedNodeOptions options,
        IEnumerable<NodeDataset>? datasets,
        ILoggerFactory loggerFactory,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        ArgumentNullException.ThrowIfNull(timeProvider);
        return StartAsync(
            options,
            datasets ?? [],
            () => NodeConnections.Real(options, loggerFactory, timeProvider),
            loggerFactory,
            timeProvider,
            cancellationToken);
    }

    /// <summary>
    /// Goes offline: a running training is cancelled and given <see cref="FederatedNodeOptions.StopTimeout"/> to end. May be called more
    /// than once.
    /// </summary>
    /// <returns>A task that ends when the node is gone and its state directory free.</returns>
    public async ValueTask DisposeAsync()
    {
        Task disposal;
        lock (_gate)
        {
            disposal = _disposal ??= DisposeCoreAsync();
        }

        await disposal.ConfigureAwait(false);
    }

    /// <summary>Starts a node over connections of the caller's.</summary>
    internal static async Task<FederatedNode> StartAsync(
        FederatedNodeOptions options,
        IEnumerable<NodeDataset> datasets,
        Func<NodeConnections> connect,
        ILoggerFactory loggerFactory,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        if (options.Validate() is { Count: > 0 } messages)
        {
            throw new FedJobException(FedJobErrorCode.OptionsInvalid, string.Join(" ", messages));
        }

        var directory = StateDirectory.Take(options.StateDirectory!);
        FederatedNode node;
        try
        {
            string id = await directory.GetNodeIdAsync(options.NodeId, cancellationToken).ConfigureAwait(false);
            DatasetRegistry registry = await DatasetRegistry.OpenAsync(directory, cancellationToken).ConfigureAwait(false);
            node = new FederatedNode(id, directory, registry, connect(), loggerFactory.CreateLogger<FederatedNode>(), timeProvider);
        }
        catch
        {
            directory.Dispose();
            throw;
        }

        try
        {
            await node.RegisterAsync(options, datasets, cancellationToken).ConfigureAwait(false);
            await node.GoOnlineAsync(options, cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task RegisterAsync(FederatedNodeOptions options, IEnumerable<NodeDataset> datasets, CancellationToken cancellationToken)
    {
        foreach (CsvDatasetOptions csv in options.Datasets)
        {
            string name = csv.Name ?? Path.GetFileNameWithoutExtension(csv.Path!);
            await Datasets.AddCsvAsync(csv.Path!, name, csv.Tags, csv.Description, cancellationToken).ConfigureAwait(false);
        }

        foreach (NodeDataset dataset in datasets)
        {
            await Datasets.AddAsync(dataset, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task GoOnlineAsync(FederatedNodeOptions options, CancellationToken cancellationToken)
    {
        _link =
            await _connections.ConnectAsync(Presence.Settings(Id, options.MessageQueueCapacity), cancellationToken).ConfigureAwait(false);
        _work = new NodeWork(
            Id,
            options,
            _directory,
            Datasets,
            Approvals,
            _link,
            _connections.Repository,
            e => PlanUnloaded?.Invoke(this, e),
            _logger,
            _timeProvider);
        Completion = CompleteAsync(_work.Ended);
        LogOnline(_logger, Id, Datasets.All.Count, _directory.Root);
    }

    private async Task CompleteAsync(Task ended)
    {
        try
        {
            await ended.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogLinkFailed(_logger, Id, e.Message);
            throw;
        }
    }

    private async Task DisposeCoreAsync()
    {
        if (_work is not null)
        {
            await _work.DisposeAsync().ConfigureAwait(false);
        }

        if (_link is not null)
        {
            await _link.DisposeAsync().ConfigureAwait(false);
        }

        (_connections.Repository as IDisposable)?.Dispose();
        Datasets.Dispose();
        _directory.Dispose();
        LogOffline(_logger, Id);
    }

    [LoggerMessage(1490, LogLevel.Information, "Node {Node} is online with {Count} datasets; its state is in {Directory}")]
    private static partial void LogOnline(ILogger logger, string node, int count, string directory);

    [LoggerMessage(1491, LogLevel.Information, "Node {Node} is offline")]
    private static partial void LogOffline(ILogger logger, string node);

    [LoggerMessage(1493, LogLevel.Critical, "Node {Node} has lost the broker for good: {Reason}")]
    private static partial void LogLinkFailed(ILogger logger, string node, string reason);
}

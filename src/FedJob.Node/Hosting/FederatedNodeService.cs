using FedJob.Node.Datasets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FedJob.Node.Hosting;

/// <summary>
/// A node as a part of a host: online when the host has started, offline when it stops. A node that cannot start keeps the host from
/// starting; one that loses
/// the broker for good ends the host, as any background service that fails does.
/// </summary>
public sealed class FederatedNodeService : BackgroundService
{
    private readonly IOptions<FederatedNodeOptions> _options;
    private readonly IEnumerable<NodeDataset> _datasets;
    private readonly ILoggerFactory _loggerFactory;
    private readonly TimeProvider _timeProvider;
    private FederatedNode? _node;

    /// <summary>Makes the service; the host starts it.</summary>
    /// <param name="options">How the node runs.</param>
    /// <param name="datasets">Every <see cref="NodeDataset"/> registered as a service.</param>
    /// <param name="loggerFactory">Where the node logs.</param>
    /// <param name="timeProvider">The node's clock.</param>
    public FederatedNodeService(
        IOptions<FederatedNodeOptions> options,
        IEnumerable<NodeDataset> datasets,
        ILoggerFactory loggerFactory,
        TimeProvider timeProvider) =>
        (_options, _datasets, _loggerFactory, _timeProvider) = (options, datasets, loggerFactory, timeProvider);

    /// <summary>The running node.</summary>
    /// <exception cref="InvalidOperationException">The host has not started it.</exception>
    public FederatedNode Node => _node ?? throw new InvalidOperationException(
        "The node runs only while its host does: start the host first.");

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _node = await FederatedNode.StartAsync(
            _options.Value, _datasets, _loggerFactory, _timeProvider, cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (_node is not null)
        {
            await _node.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Node.Completion.WaitAsync(stoppingToken);
}

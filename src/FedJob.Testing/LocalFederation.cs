using FedJob.Node;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Testing;

/// <summary>
/// A whole federation in this process: an MQTT broker, a file repository and real nodes, all on loopback with free ports and in temporary
/// directories. Disposing it stops everything and leaves nothing behind.
/// </summary>
/// <example><code>
/// await using var federation = await LocalFederation.StartAsync(new() { Nodes = { new LocalNode("a") { Datasets = { data } } } });
/// await using var client = await FedJobClient.ConnectAsync(federation.ClientOptions);
/// </code></example>
public sealed class LocalFederation : IAsyncDisposable
{
    private readonly DirectoryInfo _state;
    private readonly List<FederatedNode> _nodes = [];
    private int _disposed;

    private LocalFederation(DirectoryInfo state) => _state = state;

    /// <summary>The broker.</summary>
    public LocalBroker Broker { get; private set; } = null!;

    /// <summary>The repository.</summary>
    public LocalRepository Repository { get; private set; } = null!;

    /// <summary>The nodes, in the order they were given.</summary>
    public IReadOnlyList<FederatedNode> Nodes => _nodes;

    /// <summary>What a researcher connects with; a new copy each time, to be changed freely.</summary>
    public FedJobClientOptions ClientOptions => new() { Broker = NewBrokerOptions(), Repository = NewRepositoryOptions() };

    /// <summary>Starts broker, repository and nodes; what fails half-way is cleaned up.</summary>
    /// <param name="options">What the federation is made of.</param>
    /// <param name="loggers">Where everything in it logs. Default: nowhere.</param>
    /// <param name="timeProvider">The nodes' clock. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the start; nothing is left behind.</param>
    /// <returns>The running federation.</returns>
    /// <exception cref="FedJob.Abstractions.FedJobException">A part could not start.</exception>
    public static async Task<LocalFederation> StartAsync(
        LocalFederationOptions options, ILoggerFactory? loggers = null, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var federation = new LocalFederation(Directory.CreateTempSubdirectory("fedjob-federation-"));
        try
        {
            federation.Broker = await LocalBroker.StartAsync(options.Broker, cancellationToken).ConfigureAwait(false);
            federation.Repository = await LocalRepository.StartAsync(options.Repository, cancellationToken).ConfigureAwait(false);
            foreach (LocalNode node in options.Nodes)
            {
                federation._nodes.Add(await FederatedNode.StartAsync(
                    federation.NewNodeOptions(node, options.RequireApproval),
                    node.Datasets,
                    loggers ?? NullLoggerFactory.Instance,
                    timeProvider ?? TimeProvider.System,
                    cancellationToken).ConfigureAwait(false));
            }

            return federation;
        }
        catch
        {
            await federation.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops nodes, repository and broker, and removes their directories. May be called more than once.</summary>
    /// <returns>A task that ends when nothing is running any more.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await Task.WhenAll(_nodes.Select(n => n.DisposeAsync().AsTask())).ConfigureAwait(false);
        if (Repository is not null)
        {
            await Repository.DisposeAsync().ConfigureAwait(false);
        }

        if (Broker is not null)
        {
            await Broker.DisposeAsync().ConfigureAwait(false);
        }

        _state.Delete(recursive: true);
    }

    private FederatedNodeOptions NewNodeOptions(LocalNode node, bool requireApproval)
    {
        var options = new FederatedNodeOptions
        {
            NodeId = node.NodeId,
            Broker = NewBrokerOptions(),
            Repository = NewRepositoryOptions(),
            StateDirectory = Path.Combine(_state.FullName, node.NodeId),
            RequireApproval = requireApproval,
        };
        node.Configure?.Invoke(options);
        return options;
    }

    private BrokerOptions NewBrokerOptions() => new() { Host = "127.0.0.1", Port = Broker.Port };

    private RepositoryOptions NewRepositoryOptions() => new() { Address = Repository.Address };
}

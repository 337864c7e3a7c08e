using FedJob.Node;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Testing.Scripting;
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
    private readonly List<FedBioMedNodeEmulator> _fedBioMedNodes = [];
    private int _disposed;

    private readonly BrokerOptions? _externalBroker;
    private LocalBroker? _broker;

    private LocalFederation(DirectoryInfo state, BrokerOptions? externalBroker) => (_state, _externalBroker) = (state, externalBroker);

    /// <summary>The embedded broker.</summary>
    /// <exception cref="InvalidOperationException">The federation runs over <see cref="LocalFederationOptions.ExternalBroker"/>.</exception>
    public LocalBroker Broker => _broker ?? throw new InvalidOperationException(
        "This federation has no embedded broker: LocalFederationOptions.ExternalBroker is set. Stop and restart that one where it was started.");

    /// <summary>The repository.</summary>
    public LocalRepository Repository { get; private set; } = null!;

    /// <summary>The nodes, in the order they were given.</summary>
    public IReadOnlyList<FederatedNode> Nodes => _nodes;

    /// <summary>The emulated Fed-BioMed 4.5 nodes, in the order they were given.</summary>
    public IReadOnlyList<FedBioMedNodeEmulator> FedBioMedNodes => _fedBioMedNodes;

    /// <summary>The scripted nodes, in the order they were given.</summary>
    public IReadOnlyList<ScriptedNode> ScriptedNodes => ScriptedFleet?.Nodes ?? [];

    /// <summary>What runs the scripted nodes, to crash and restart them; <see langword="null"/> where there are none.</summary>
    public ScriptedFleet? ScriptedFleet { get; private set; }

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
        var federation = new LocalFederation(Directory.CreateTempSubdirectory("fedjob-federation-"), options.ExternalBroker);
        try
        {
            federation._broker = options.ExternalBroker is null
                ? await LocalBroker.StartAsync(options.Broker, cancellationToken).ConfigureAwait(false)
                : null;
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

            foreach (FedBioMedNodeEmulatorOptions node in options.FedBioMedNodes)
            {
                node.Broker = federation.NewBrokerOptions();
                node.Repository = federation.NewRepositoryOptions();
                federation._fedBioMedNodes.Add(
                    await FedBioMedNodeEmulator.StartAsync(node, loggers, timeProvider, cancellationToken).ConfigureAwait(false));
            }

            if (options.ScriptedNodes.Count > 0)
            {
                options.ScriptedFleet.Broker = federation.NewBrokerOptions();
                options.ScriptedFleet.Repository = federation.NewRepositoryOptions();
                federation.ScriptedFleet = await ScriptedFleet
                    .StartAsync(options.ScriptedFleet, options.ScriptedNodes, loggers, timeProvider, cancellationToken).ConfigureAwait(false);
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

        await Task.WhenAll([.. _nodes.Select(n => n.DisposeAsync().AsTask()), .. _fedBioMedNodes.Select(n => n.DisposeAsync().AsTask())])
            .ConfigureAwait(false);
        if (ScriptedFleet is not null)
        {
            await ScriptedFleet.DisposeAsync().ConfigureAwait(false);
        }

        if (Repository is not null)
        {
            await Repository.DisposeAsync().ConfigureAwait(false);
        }

        if (_broker is not null)
        {
            await _broker.DisposeAsync().ConfigureAwait(false);
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

    private BrokerOptions NewBrokerOptions() => _externalBroker is not { } external
        ? new BrokerOptions { Host = "127.0.0.1", Port = Broker.Port }
        : new BrokerOptions
        {
            Host = external.Host,
            Port = external.Port,
            UserName = external.UserName,
            Password = external.Password,
            Tls = external.Tls,
            ConnectTimeout = external.ConnectTimeout,
            PublishTimeout = external.PublishTimeout,
            KeepAlive = external.KeepAlive,
            ReconnectDelay = external.ReconnectDelay,
            MaximumReconnectDelay = external.MaximumReconnectDelay,
            MaximumMessageBytes = external.MaximumMessageBytes,
        };

    private RepositoryOptions NewRepositoryOptions() => new() { Address = Repository.Address };
}

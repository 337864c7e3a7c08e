using FedJob.Protocol.Storage;
using FedJob.Testing;
using FedJob.Testing.Faults;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Faults;

/// <summary>
/// A federation of scripted nodes whose link to the broker goes through a proxy; so do the files of those that stand behind a bad network.
/// </summary>
internal sealed class FaultFederation : IAsyncDisposable
{
    private readonly LocalFederation _federation;
    private readonly List<ScriptedFleet> _fleets = [];

    private FaultFederation(LocalFederation federation)
    {
        _federation = federation;
        Links = FaultProxy.Start(new FaultProxyOptions { TargetPort = federation.Broker.Port, Seed = 5 });
        Files = FaultProxy.Start(new FaultProxyOptions { TargetPort = federation.Repository.Address.Port, Seed = 5 });
    }

    /// <summary>Between the nodes and the broker.</summary>
    public FaultProxy Links { get; }

    /// <summary>Between everybody and the files of the nodes behind the bad network.</summary>
    public FaultProxy Files { get; }

    public LocalRepository Repository => _federation.Repository;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<FaultFederation> StartAsync(
        ScriptedNode[] nodes, ScriptedNode[]? behindBadNetwork = null, LocalRepositoryOptions? repository = null)
    {
        var options = new LocalFederationOptions { Repository = repository ?? new LocalRepositoryOptions() };
        var federation = new FaultFederation(await LocalFederation.StartAsync(options, cancellationToken: Token));
        await federation.StartAsync(nodes, federation._federation.Repository.Address);
        await federation.StartAsync(behindBadNetwork ?? [], new Uri($"http://127.0.0.1:{federation.Files.Port}/"));
        return federation;
    }

    public async Task<FedJobClient> ConnectAsync(Action<FedJobClientOptions>? configure = null)
    {
        FedJobClientOptions options = _federation.ClientOptions;
        options.Repository.AdditionalOrigins.Add(new Uri($"http://127.0.0.1:{Files.Port}"));
        configure?.Invoke(options);
        return await FedJobClient.ConnectAsync(options, cancellationToken: Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ScriptedFleet fleet in _fleets)
        {
            await fleet.DisposeAsync();
        }

        await Links.DisposeAsync();
        await Files.DisposeAsync();
        await _federation.DisposeAsync();
    }

    private async Task StartAsync(ScriptedNode[] nodes, Uri repository)
    {
        var options = new ScriptedFleetOptions
        {
            Broker = _federation.ClientOptions.Broker,
            Repository = new RepositoryOptions { Address = repository, AdditionalOrigins = { _federation.Repository.Address } },
        };
        options.Broker.Port = Links.Port;
        options.Broker.KeepAlive = TimeSpan.FromSeconds(1);
        options.Broker.PublishTimeout = TimeSpan.FromSeconds(2);
        options.Broker.ConnectTimeout = TimeSpan.FromSeconds(2);
        options.Broker.ReconnectDelay = TimeSpan.FromMilliseconds(100);
        _fleets.Add(await ScriptedFleet.StartAsync(options, nodes, cancellationToken: Token));
    }
}

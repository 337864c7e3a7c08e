using System.Globalization;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Testing;

namespace FedJob.Benchmarks.Rounds;

/// <summary>The broker and the repository of a run: started here, or those that are there already.</summary>
internal sealed class Surroundings : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _started = [];

    public BrokerOptions Broker { get; private set; } = new();

    public RepositoryOptions Repository { get; private set; } = new();

    public static async Task<Surroundings> StartAsync(Options options, CancellationToken cancellationToken)
    {
        var surroundings = new Surroundings();
        try
        {
            surroundings.Broker = options.Broker switch
            {
                "embedded" => At("127.0.0.1", surroundings.Keep(await LocalBroker.StartAsync(new LocalBrokerOptions(), cancellationToken)).Port),
                "mosquitto" => At("127.0.0.1", surroundings.Keep(await MosquittoBroker.StartAsync(cancellationToken: cancellationToken)).Port),
                string address => Address(address),
            };
            surroundings.Repository = new RepositoryOptions
            {
                Address = options.Repository == "embedded"
                    ? surroundings.Keep(await LocalRepository.StartAsync(new LocalRepositoryOptions(), cancellationToken)).Address
                    : new Uri(options.Repository),
            };
            return surroundings;
        }
        catch
        {
            await surroundings.DisposeAsync();
            throw;
        }
    }

    public static BrokerOptions Address(string address)
    {
        int colon = address.LastIndexOf(':');
        return colon > 0 && int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? At(address[..colon], port)
            : throw new ArgumentException($"--broker is '{address}'; allowed: embedded, mosquitto or HOST:PORT");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in _started)
        {
            await part.DisposeAsync();
        }
    }

    private static BrokerOptions At(string host, int port) => new() { Host = host, Port = port };

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _started.Add(part);
        return part;
    }
}

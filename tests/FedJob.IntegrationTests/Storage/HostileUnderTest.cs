using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Storage;

/// <summary>A client of a raw server, with quick retries.</summary>
internal sealed class HostileUnderTest : IDisposable
{
    private readonly RawServer _server;

    public HostileUnderTest(RawServer server, Action<RepositoryOptions>? configure = null)
    {
        _server = server;
        var options = new RepositoryOptions
        {
            Address = server.Address,
            MaximumAttempts = 3,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            AdditionalOrigins = { new Uri("http://repository.test") },
        };
        configure?.Invoke(options);
        Client = new Repository(options, NullLogger<Repository>.Instance, TimeProvider.System);
    }

    public Repository Client { get; }

    public ScratchDirectory Scratch { get; } = new();

    public Task<DownloadedFile> DownloadAsync(Uri? url = null, FileDigest? expected = null) => Client.DownloadAsync(
        new DownloadRequest
        {
            Url = url ?? new Uri(_server.Address, "x"),
            DestinationPath = Scratch.PathOf("got"),
            ExpectedDigest = expected,
        },
        TestContext.Current.CancellationToken);

    public void Dispose()
    {
        Client.Dispose();
        Scratch.Dispose();
    }
}

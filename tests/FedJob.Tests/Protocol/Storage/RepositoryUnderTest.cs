using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.Tests.Protocol.Storage;

/// <summary>A repository client over a stub, with a clock that stands still.</summary>
internal sealed class RepositoryUnderTest : IDisposable
{
    public const string Address = "http://repository.example:8844/";

    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(77);

    public RepositoryUnderTest(HttpMessageHandler handler, Action<RepositoryOptions>? configure = null)
    {
        var options = new RepositoryOptions { Address = new Uri(Address), IdleTimeout = Idle };
        configure?.Invoke(options);
        Client = new Repository(options, Logger, Clock, handler, new Random(1));
    }

    public Repository Client { get; }

    public PauseClock Clock { get; } = new(Idle);

    public FakeLogger<Repository> Logger { get; } = new();

    public TestDirectory Directory { get; } = new();

    public string Destination => Directory.PathOf("got.mpk");

    public DownloadRequest Download(string path = "media/uploads/x.mpk") =>
        new() { Url = new Uri(new Uri(Address), path), DestinationPath = Destination };

    public void Dispose()
    {
        Client.Dispose();
        Directory.Dispose();
    }
}

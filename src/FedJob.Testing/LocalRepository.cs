using System.Net;
using FedJob.Abstractions;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FedJob.Testing;

/// <summary>
/// A file repository in this process, on 127.0.0.1 unless told otherwise, that speaks and refuses as the one of Fed-BioMed 4.5 does: same statuses,
/// texts and headers, same renaming of files. Uploads stream to a private directory, which is gone when the repository is disposed.
/// </summary>
public sealed partial class LocalRepository : IAsyncDisposable
{
    private readonly KestrelServer _server;
    private readonly StoredFiles _files;
    private readonly ILogger _logger;
    private int _disposeCalls;

    private LocalRepository(KestrelServer server, StoredFiles files, Uri address, ILogger logger)
    {
        _server = server;
        _files = files;
        _logger = logger;
        Address = address;
    }

    /// <summary>Where it listens, e.g. <c>http://127.0.0.1:34567/</c>.</summary>
    public Uri Address { get; }

    /// <summary>The private directory that holds the files.</summary>
    public string Directory => _files.Directory;

    /// <summary>How many uploads were taken.</summary>
    public int UploadCount => _files.UploadCount;

    /// <summary>How many downloads of files that exist were begun.</summary>
    public int DownloadCount => _files.DownloadCount;

    /// <summary>Starts a repository; it serves until it is disposed.</summary>
    /// <param name="options">How it behaves; read once, here.</param>
    /// <param name="cancellationToken">Ends the start; nothing is left of it then.</param>
    /// <returns>The repository, listening.</returns>
    /// <exception cref="FedJobException">The port is out of range or taken, or the private directory could not be made.</exception>
    public static async Task<LocalRepository> StartAsync(LocalRepositoryOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
        {
            throw new FedJobException(
                FedJobErrorCode.OptionsInvalid, $"LocalRepositoryOptions.Port is {options.Port}; allowed: 0 (a free one) to 65535.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        StoredFiles files = StoredFiles.Create(options.TimeProvider, new Random(options.Seed));
        KestrelServer? server = null;
        try
        {
            server = CreateServer(options);
            var application = new RepositoryApplication(files, options.CloseAfterResponse, options.ServesRanges);
            await server.StartAsync(application, cancellationToken).ConfigureAwait(false);
            string address = server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
            ILogger logger = options.LoggerFactory.CreateLogger<LocalRepository>();
            return new LocalRepository(server, files, new Uri(address + "/"), logger);
        }
        catch (Exception exception)
        {
            server?.Dispose();
            files.Remove();
            if (exception is IOException)
            {
                throw new FedJobException(
                    FedJobErrorCode.OptionsInvalid,
                    $"Listening on {options.ListenAddress}:{options.Port} failed: {exception.Message} " +
                    "Choose another LocalRepositoryOptions.Port, or 0 for a free one.",
                    exception);
            }

            throw;
        }
    }

    /// <summary>Stops at once: open connections are cut, the private directory is removed. May be called again.</summary>
    /// <returns>When it is done.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Increment(ref _disposeCalls) > 1)
        {
            return;
        }

        // A cancelled token: do not wait for requests under way.
        await _server.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        _server.Dispose();
        try
        {
            _files.Remove();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A request that was cut may hold its file a moment longer; the system's temporary directory is cleaned by its owner.
            LogNotRemoved(exception, _files.Directory);
        }
    }

    private static KestrelServer CreateServer(LocalRepositoryOptions options)
    {
        // Kestrel alone, without a host: no configuration or environment of the caller's process leaks in, and it starts fast.
        var settings = new KestrelServerOptions { AddServerHeader = false };
        settings.Limits.MaxRequestBodySize = null;
        settings.Limits.MinRequestBodyDataRate = null;
        settings.Limits.MinResponseDataRate = null;
        settings.Limits.MaxRequestBufferSize = 2 * 1024 * 1024;
        settings.Limits.MaxResponseBufferSize = 2 * 1024 * 1024;
        settings.Listen(options.ListenAddress, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), options.LoggerFactory);
        return new KestrelServer(Options.Create(settings), transport, options.LoggerFactory);
    }

    [LoggerMessage(1500, LogLevel.Warning, "The directory {Directory} of a local repository could not be removed")]
    private partial void LogNotRemoved(Exception exception, string directory);
}

using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.Protocol.Storage;

/// <summary>
/// The file repository over HTTP, streaming both ways: memory does not grow with the files. Any number of transfers may run at once.
/// </summary>
public sealed partial class Repository : IRepository, IDisposable
{
    private readonly RepositorySettings _settings;
    private readonly ILogger<Repository> _logger;
    private readonly TimeProvider _timeProvider;
    private readonly HttpClient _http;
    private readonly RetryRules _retries;
    private readonly CancellationTokenSource _disposing = new();
    private readonly CancellationToken _disposed;
    private int _disposeCalls;

    /// <summary>Makes a client; nothing is sent yet.</summary>
    /// <param name="options">Where the repository is; read once, here.</param>
    /// <param name="logger">Where retries are logged.</param>
    /// <param name="timeProvider">The clock of timeouts and pauses.</param>
    /// <exception cref="FedJobException">An option is not allowed, or a certificate it names could not be loaded.</exception>
    public Repository(RepositoryOptions options, ILogger<Repository> logger, TimeProvider timeProvider)
        : this(options, logger, timeProvider, handler: null, random: null)
    {
    }

    /// <summary>Makes a client over another HTTP stack and with another source of jitter.</summary>
    internal Repository(
        RepositoryOptions options, ILogger<Repository> logger, TimeProvider timeProvider, HttpMessageHandler? handler, Random? random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(timeProvider);
        _settings = RepositorySettings.Of(options);
        _logger = logger;
        _timeProvider = timeProvider;
        _disposed = _disposing.Token;

        // Only jitter depends on it: clients that start together must not come back together.
        random ??= new Random(HashCode.Combine(Environment.ProcessId, timeProvider.GetTimestamp()));
        _retries = new RetryRules(_settings, logger, timeProvider, random);
        _http = new HttpClient(handler ?? RepositoryHandler.Create(_settings, options.Tls)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public Uri Address => _settings.Address;

    /// <inheritdoc/>
    public async Task<UploadedFile> UploadAsync(string path, string fileName, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        ArgumentException.ThrowIfNullOrEmpty(path);
        UploadFileName.Check(fileName);
        var transfer = new UploadTransfer(_http, _settings, _timeProvider, path, fileName);
        UploadedFile file = await RunAsync("Uploading to", _settings.UploadUrl, transfer.AttemptAsync, cancellationToken)
            .ConfigureAwait(false);
        LogUploaded(file.Length, SafeUri.Of(file.Url));
        return file;
    }

    /// <inheritdoc/>
    public async Task<DownloadedFile> DownloadAsync(DownloadRequest request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        CheckRequest(request);
        using var transfer = new DownloadTransfer(_http, _settings, _timeProvider, _logger, request);
        DownloadedFile file = await RunAsync("Downloading", request.Url, transfer.AttemptAsync, cancellationToken).ConfigureAwait(false);
        LogDownloaded(file.Length, SafeUri.Of(request.Url));
        return file;
    }

    /// <summary>
    /// Ends the transfers under way, whose callers get <see cref="ObjectDisposedException"/>, and closes the connections; may be called
    /// again.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Increment(ref _disposeCalls) == 1)
        {
            _disposing.Cancel();
            _http.Dispose();
            _disposing.Dispose();
        }
    }

    private void CheckRequest(DownloadRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Url);
        ArgumentException.ThrowIfNullOrEmpty(request.DestinationPath);
        if (request.SparePath is { Length: 0 })
        {
            throw new ArgumentException("SparePath must name a file, or be null.", nameof(request));
        }

        if (request.MaximumBytes < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(request), request.MaximumBytes, "MaximumBytes must be 0 or more.");
        }

        if (request.IdleTimeout is { } idle && (idle <= TimeSpan.Zero || idle > RepositoryOptions.LongestTime))
        {
            throw new ArgumentOutOfRangeException(nameof(request), idle, "IdleTimeout must be above 0, at most a day.");
        }

        if (_settings.Origins.Refusal(request.Url) is { } refusal)
        {
            throw new RepositoryException(
                FedJobErrorCode.UrlNotAllowed,
                $"Downloading {SafeUri.Text(request.Url)} was refused before anything was sent: {refusal}. "
                    + "Only the repository's own files are downloaded; name other origins in RepositoryOptions.AdditionalOrigins.")
            {
                Location = SafeUri.Of(request.Url),
            };
        }
    }

    private async Task<T> RunAsync<T>(
        string doing, Uri location, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed);
        try
        {
            return await _retries.RunAsync(doing, location, attempt, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested && !cancellationToken.IsCancellationRequested, this);
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    [LoggerMessage(1301, LogLevel.Debug, "Uploaded {Length} bytes to {Location}")]
    private partial void LogUploaded(long length, Uri location);

    [LoggerMessage(1302, LogLevel.Debug, "Downloaded {Length} bytes from {Location}")]
    private partial void LogDownloaded(long length, Uri location);
}

using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.State;

/// <summary>
/// The replies to finished train requests. A researcher that lost one asks again under the same request id and gets the same bytes, also
/// from a node
/// that was restarted in between. Bounded by count.
/// </summary>
internal sealed partial class FinishedReplies
{
    private readonly NumberedFiles _files;
    private readonly Lock _gate = new();
    private readonly ILogger _logger;

    /// <summary>Opens the store.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="capacity">How many replies are kept.</param>
    /// <param name="logger">Where a reply that cannot be kept or read is logged.</param>
    public FinishedReplies(string folder, int capacity, ILogger logger)
    {
        _files = new NumberedFiles(folder, ".json", capacity);
        _logger = logger;
    }

    /// <summary>The key of a request: a request id counts only for the researcher and job that used it.</summary>
    /// <param name="researcherId">The researcher.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="requestId">The request id.</param>
    /// <returns>The key.</returns>
    public static string KeyOf(string researcherId, string jobId, string requestId) =>
        StateDirectory.NameOf($"{researcherId}/{jobId}/{requestId}");

    /// <summary>Keeps a reply. A reply that cannot be kept is logged: it was earned and is sent all the same.</summary>
    /// <param name="key">The request.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>A task that ends when the reply is on the disk.</returns>
    public async Task KeepAsync(string key, KeptReply reply, CancellationToken cancellationToken)
    {
        long number;
        string path;
        lock (_gate)
        {
            (number, path) = _files.Next(key);
        }

        try
        {
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(reply, StateJson.Default.KeptReply);
            await AtomicFile.WriteAsync(path, json, replace: true, durable: false, cancellationToken).ConfigureAwait(false);
        }
        catch (FedJob.Abstractions.FedJobException e)
        {
            LogNotKept(_logger, e.Message);
            return;
        }

        lock (_gate)
        {
            _files.Added(number, key);
        }
    }

    /// <summary>Looks a reply up.</summary>
    /// <param name="key">The request.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>The reply, or null where none is kept.</returns>
    public async Task<KeptReply?> FindAsync(string key, CancellationToken cancellationToken)
    {
        string? path;
        lock (_gate)
        {
            path = _files.Find(key);
        }

        if (path is null)
        {
            return null;
        }

        try
        {
            byte[] json = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize(json, StateJson.Default.KeptReply);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // A reply that cannot be read is as good as none: the request is run again.
            LogUnreadable(_logger, Path.GetFileName(path), e.Message);
            lock (_gate)
            {
                _files.Remove(key);
            }

            return null;
        }
    }

    [LoggerMessage(1480, LogLevel.Warning, "A finished reply could not be kept, so a repeat of its request will be run again: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string reason);

    [LoggerMessage(1481, LogLevel.Warning, "The kept reply {File} could not be read, so its request will be run again: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string file, string reason);
}

using System.Globalization;
using System.Net;
using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.Protocol.Storage;

/// <summary>
/// One file on its way here: attempts until it is whole, each going on where the last one ended if the server offers that, from the start
/// otherwise.
/// </summary>
internal sealed partial class DownloadTransfer : IDisposable
{
    private const int ReportBytes = 1024 * 1024;

    private readonly HttpClient _http;
    private readonly RepositorySettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly DownloadRequest _request;
    private readonly long _limit;
    private readonly DigestComputer _digest;
    private readonly ResumePoint _resume = new();
    private PartFile? _part;
    private bool _wasResumed;
    private long _reported;

    public DownloadTransfer(
        HttpClient http, RepositorySettings settings, TimeProvider timeProvider, ILogger logger, DownloadRequest request)
    {
        _http = http;
        _settings = settings;
        _timeProvider = timeProvider;
        _logger = logger;
        _request = request;
        _limit = Math.Min(request.MaximumBytes ?? long.MaxValue, settings.MaximumFileBytes);
        _digest = new DigestComputer(request.ExpectedDigest?.Algorithm ?? DigestAlgorithm.XxHash128);
    }

    /// <summary>One attempt.</summary>
    /// <exception cref="TransferFailure">The network or the repository failed it.</exception>
    /// <exception cref="FedJobException">A file on this machine failed it.</exception>
    public async Task<DownloadedFile> AttemptAsync(CancellationToken cancellationToken)
    {
        using var watch = new IdleWatch(_request.IdleTimeout ?? _settings.IdleTimeout, _timeProvider, cancellationToken);
        try
        {
            using HttpRequestMessage message = RepositoryRequest.Create(HttpMethod.Get, _request.Url, _settings, watch);
            long received = _resume.IsKnown ? _part?.Length ?? 0 : 0;
            if (received > 0)
            {
                _resume.Ask(message, received);
            }

            using HttpResponseMessage response = await _http
                .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, watch.Token).ConfigureAwait(false);
            watch.Restart();
            if (received > 0 && response.StatusCode is HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                Continue(response, received);
            }
            else if (response.StatusCode == HttpStatusCode.OK)
            {
                Begin(response);
            }
            else
            {
                throw await Refusals.OfAsync(response, _settings, _timeProvider, watch).ConfigureAwait(false);
            }

            return await ReceiveAsync(response.Content, watch).ConfigureAwait(false);
        }
        catch (Exception exception) when (NetworkFailures.IsOne(exception))
        {
            throw NetworkFailures.Of(exception, watch, _settings, cancellationToken);
        }
    }

    public void Dispose()
    {
        _part?.Dispose();
        _digest.Dispose();
    }

    /// <summary>The whole file comes.</summary>
    private void Begin(HttpResponseMessage response)
    {
        _resume.Note(response, isDigestKnown: _request.ExpectedDigest is not null);
        CheckLimit();
        _part ??= new PartFile(_request.DestinationPath, _request.SparePath, _logger);
        _part.Rewind();
        _reported = 0;
        _digest.Reset();
        _wasResumed = false;
    }

    /// <summary>The rest of the file should come.</summary>
    private void Continue(HttpResponseMessage response, long received)
    {
        string? flaw = response.StatusCode == HttpStatusCode.PartialContent
            ? _resume.FlawOf(response, received)
            : "it does not have the rest of the file any more";
        if (flaw is not null)
        {
            _resume.Forget(forGood: true);
            throw new TransferFailure(
                FedJobErrorCode.RepositoryRefused, $"the rest of a file that was cut cannot be had: {flaw}", "Try again from the start.")
            { Status = response.StatusCode, IsTransient = true };
        }

        CheckLimit();
        _wasResumed = true;
        LogResumed(SafeUri.Of(_request.Url), received, _resume.Total ?? 0);
    }

    private void CheckLimit()
    {
        if (_resume.Total > _limit)
        {
            throw TooLarge(string.Create(CultureInfo.InvariantCulture, $"{_resume.Total} bytes are announced"));
        }
    }

    private async Task<DownloadedFile> ReceiveAsync(HttpContent content, IdleWatch watch)
    {
        PartFile part = _part!;
        long? total = _resume.Total;
        using Stream body = await content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);
        byte[] buffer = TransferBlocks.Rent((total - part.Length) ?? TransferBlocks.LargestBytes);
        try
        {
            await CopyAsync(body, part, buffer, watch).ConfigureAwait(false);
        }
        finally
        {
            TransferBlocks.Return(buffer);
        }

        if (total is not null && part.Length != total)
        {
            throw new TransferFailure(
                FedJobErrorCode.TransferInterrupted,
                string.Create(CultureInfo.InvariantCulture, $"{total} bytes were announced and {part.Length} came"),
                "Check the network to the repository, then try again.")
            { IsTransient = true };
        }

        return Finish(part, lengthKnown: total is not null);
    }

    private async Task CopyAsync(Stream body, PartFile part, byte[] buffer, IdleWatch watch)
    {
        bool ended = false;
        while (!ended)
        {
            int filled = 0;
            try
            {
                while (filled < buffer.Length && !ended)
                {
                    watch.Restart();
                    int read = await body.ReadAsync(buffer.AsMemory(filled), watch.Token).ConfigureAwait(false);
                    filled += read;
                    ended = read == 0;
                }
            }
            catch (Exception exception) when (_resume.IsKnown && filled > 0 && NetworkFailures.IsOne(exception))
            {
                // What came before the cut is worth keeping: the next attempt goes on after it.
                await TakeAsync(part, buffer.AsMemory(0, filled), CancellationToken.None).ConfigureAwait(false);
                throw;
            }

            watch.Pause();
            await TakeAsync(part, buffer.AsMemory(0, filled), watch.Token).ConfigureAwait(false);
        }
    }

    private async Task TakeAsync(PartFile part, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (part.Length + bytes.Length > _limit)
        {
            throw TooLarge("more bytes came");
        }

        if (bytes.Length > 0)
        {
            // The disk and the hash work side by side.
            Task written = part.AppendAsync(bytes, cancellationToken);
            _digest.Append(bytes.Span);
            await written.ConfigureAwait(false);
            if (part.Length - _reported >= ReportBytes)
            {
                Report(part.Length);
            }
        }
    }

    private DownloadedFile Finish(PartFile part, bool lengthKnown)
    {
        FileDigest digest = _digest.Finish();
        if (_request.ExpectedDigest is { } expected && digest != expected)
        {
            bool wasResumed = _wasResumed;
            _resume.Forget(forGood: true);
            throw new TransferFailure(
                FedJobErrorCode.DigestMismatch,
                FormattableString.Invariant($"expected a file with the digest {expected}, got {part.Length} bytes with {digest}"),
                "The file was changed on the way or at the repository: have it uploaded again.")
            {
                // Without an announced length a cut looks like the end; and parts may be of two versions.
                IsTransient = !lengthKnown || wasResumed,
            };
        }

        long length = part.Length;
        if (length > _reported)
        {
            Report(length);
        }

        part.Complete();
        return new DownloadedFile(_request.DestinationPath, length, digest);
    }

    private TransferFailure TooLarge(string problem) => new(
        FedJobErrorCode.FileTooLarge,
        string.Create(CultureInfo.InvariantCulture, $"{problem}, the limit is {_limit} bytes"),
        "Raise RepositoryOptions.MaximumFileBytes or DownloadRequest.MaximumBytes if such a file is expected.");

    private void Report(long length)
    {
        _reported = length;
        try
        {
            _request.Progress?.Report(length);
        }
        catch (Exception exception)
        {
            throw new FedJobException(
                FedJobErrorCode.ExtensionFailed,
                $"The progress callback of the download of {SafeUri.Text(_request.Url)} threw "
                    + $"{exception.GetType().Name}: {exception.Message} It must not throw.",
                exception);
        }
    }

    [LoggerMessage(1304, LogLevel.Information, "{Location}: goes on at byte {Received} of {Total}")]
    private partial void LogResumed(Uri location, long received, long total);
}

using System.Buffers;
using System.Globalization;
using System.Net;
using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.Protocol.Storage;

/// <summary>One file on its way here: attempts from the start until one brings it whole.</summary>
internal sealed class DownloadTransfer : IDisposable
{
    private const int BlockBytes = 1024 * 1024;

    private readonly HttpClient _http;
    private readonly RepositorySettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly DownloadRequest _request;
    private readonly long _limit;
    private readonly DigestComputer _digest;
    private PartFile? _part;

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
        using var watch = new IdleWatch(_settings.IdleTimeout, _timeProvider, cancellationToken);
        try
        {
            using HttpRequestMessage message = RepositoryRequest.Create(HttpMethod.Get, _request.Url, _settings, watch);
            using HttpResponseMessage response = await _http
                .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, watch.Token).ConfigureAwait(false);
            watch.Restart();
            if (response.StatusCode != HttpStatusCode.OK)
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

    private async Task<DownloadedFile> ReceiveAsync(HttpContent content, IdleWatch watch)
    {
        long? announced = content.Headers.ContentLength;
        if (announced > _limit)
        {
            throw TooLarge(string.Create(CultureInfo.InvariantCulture, $"{announced} bytes are announced"));
        }

        PartFile part = _part ??= new PartFile(_request.DestinationPath, _logger);
        part.Clear();
        _digest.Reset();
        using Stream body = await content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(announced ?? BlockBytes, 1, BlockBytes));
        try
        {
            await CopyAsync(body, part, buffer, watch).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (announced is not null && part.Length != announced)
        {
            throw new TransferFailure(
                FedJobErrorCode.TransferInterrupted,
                string.Create(CultureInfo.InvariantCulture, $"{announced} bytes were announced and {part.Length} came"),
                "Check the network to the repository, then try again.")
            { IsTransient = true };
        }

        return Finish(part, lengthKnown: announced is not null);
    }

    private async Task CopyAsync(Stream body, PartFile part, byte[] buffer, IdleWatch watch)
    {
        bool ended = false;
        while (!ended)
        {
            int filled = 0;
            while (filled < buffer.Length)
            {
                watch.Restart();
                int read = await body.ReadAsync(buffer.AsMemory(filled), watch.Token).ConfigureAwait(false);
                if (read == 0)
                {
                    ended = true;
                    break;
                }

                filled += read;
            }

            watch.Pause();
            if (part.Length + filled > _limit)
            {
                throw TooLarge("more bytes came");
            }

            if (filled > 0)
            {
                // The disk and the hash work side by side.
                Task written = part.AppendAsync(buffer.AsMemory(0, filled), watch.Token);
                _digest.Append(buffer.AsSpan(0, filled));
                await written.ConfigureAwait(false);
                Report(part.Length);
            }
        }
    }

    private DownloadedFile Finish(PartFile part, bool lengthKnown)
    {
        FileDigest digest = _digest.Finish();
        if (_request.ExpectedDigest is { } expected && digest != expected)
        {
            throw new TransferFailure(
                FedJobErrorCode.DigestMismatch,
                FormattableString.Invariant($"expected a file with the digest {expected}, got {part.Length} bytes with {digest}"),
                "The file was changed on the way or at the repository: have it uploaded again.")
            {
                // Without an announced length a cut looks like the end.
                IsTransient = !lengthKnown,
            };
        }

        long length = part.Length;
        part.Complete();
        return new DownloadedFile(_request.DestinationPath, length, digest);
    }

    private TransferFailure TooLarge(string problem) => new(
        FedJobErrorCode.FileTooLarge,
        string.Create(CultureInfo.InvariantCulture, $"{problem}, the limit is {_limit} bytes"),
        "Raise RepositoryOptions.MaximumFileBytes or DownloadRequest.MaximumBytes if such a file is expected.");

    private void Report(long length)
    {
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
}

using System.Net;
using System.Net.Http.Headers;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>One file on its way to the repository: whole attempts until one is answered.</summary>
internal sealed class UploadTransfer
{
    /// <summary>
    /// From this size on the repository is asked first whether it wants the bytes at all, so that a refusal comes before gigabytes are
    /// sent and
    /// is not lost in a closed connection.
    /// </summary>
    private const long AskedFirstBytes = 1024 * 1024;

    private readonly HttpClient _http;
    private readonly RepositorySettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly string _path;
    private readonly string _fileName;

    public UploadTransfer(HttpClient http, RepositorySettings settings, TimeProvider timeProvider, string path, string fileName)
    {
        _http = http;
        _settings = settings;
        _timeProvider = timeProvider;
        _path = path;
        _fileName = fileName;
    }

    /// <summary>One attempt.</summary>
    /// <exception cref="TransferFailure">The network or the repository failed it.</exception>
    /// <exception cref="FedJobException">The file on this machine failed it.</exception>
    public async Task<UploadedFile> AttemptAsync(CancellationToken cancellationToken)
    {
        using var watch = new IdleWatch(_settings.IdleTimeout, _timeProvider, cancellationToken);
        using var file = new UploadContent(_path, watch);
        CheckLength(file.Length);
        try
        {
            using HttpRequestMessage message = RepositoryRequest.Create(HttpMethod.Post, _settings.UploadUrl, _settings, watch);
            message.Content = Form(file);
            message.Headers.ExpectContinue = file.Length >= AskedFirstBytes;
            using HttpResponseMessage response = await _http
                .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, watch.Token).ConfigureAwait(false);
            watch.Restart();
            if (response.StatusCode != HttpStatusCode.Created)
            {
                throw await Refusals.OfAsync(response, _settings, _timeProvider, watch).ConfigureAwait(false);
            }

            Uri url = await UploadReply.ReadAsync(response.Content, _settings, watch).ConfigureAwait(false);
            return new UploadedFile(url, file.Length, file.Digest ?? throw NotRead());
        }
        catch (Exception exception) when (file.Failure is not null && exception is not FedJobException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw file.Failure;
        }
        catch (Exception exception) when (NetworkFailures.IsOne(exception))
        {
            throw NetworkFailures.Of(exception, watch, _settings, cancellationToken);
        }
    }

    private static TransferFailure NotRead() => new(
        FedJobErrorCode.RepositoryRefused,
        "what answered took the file before it was sent",
        "Check that RepositoryOptions.Address is that of a Fed-BioMed repository.")
    { Status = HttpStatusCode.Created };

    // Names in quotes and no parameters beside them: the form in which the Python side sends.
    private MultipartFormDataContent Form(UploadContent file)
    {
        file.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data")
        {
            Name = "\"file\"",
            FileName = $"\"{_fileName}\"",
        };
        return new MultipartFormDataContent($"FedJob-{Guid.NewGuid():N}") { file };
    }

    private void CheckLength(long length)
    {
        if (length == 0)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed,
                $"Uploading '{_path}' failed: it is empty, and the repository refuses empty files. Write it first.");
        }

        if (length > _settings.MaximumFileBytes)
        {
            throw new TransferFailure(
                FedJobErrorCode.FileTooLarge,
                FormattableString.Invariant($"the file '{_path}' has {length} bytes, the limit is {_settings.MaximumFileBytes} bytes"),
                "Raise RepositoryOptions.MaximumFileBytes if such a file is wanted.");
        }
    }
}

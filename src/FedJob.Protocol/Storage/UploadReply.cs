using System.Buffers;
using System.Net;
using System.Text.Json;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>Reads what the repository answers to an upload: a small JSON object whose <c>file</c> is where the file can be had.</summary>
internal static class UploadReply
{
    private const int LargestReply = 64 * 1024;

    /// <summary>The URL in the answer.</summary>
    /// <exception cref="TransferFailure">The answer is not one of a repository, or names a URL that nobody may download from.</exception>
    public static async Task<Uri> ReadAsync(HttpContent content, RepositorySettings settings, IdleWatch watch)
    {
        if (content.Headers.ContentLength > LargestReply)
        {
            throw Strange($"it announces {content.Headers.ContentLength} bytes, at most {LargestReply} were expected");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(LargestReply + 1);
        try
        {
            using Stream body = await content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);

            // The watch is not started anew: an answer this small has to come whole within one idle timeout.
            Memory<byte> room = buffer.AsMemory(0, LargestReply + 1);
            int length = await body.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, watch.Token).ConfigureAwait(false);
            return length > LargestReply
                ? throw Strange($"it is longer than {LargestReply} bytes")
                : Parse(buffer.AsMemory(0, length), settings);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Uri Parse(ReadOnlyMemory<byte> json, RepositorySettings settings)
    {
        string? file = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("file", out JsonElement value)
                && value.ValueKind == JsonValueKind.String)
            {
                file = value.GetString();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string in it is not valid UTF-16.
            throw Strange("it is not JSON", exception);
        }

        if (file is null)
        {
            throw Strange("it has no text 'file'");
        }

        if (!Uri.TryCreate(file, UriKind.Absolute, out Uri? url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            throw Strange("its 'file' is no absolute http or https URL");
        }

        return settings.Origins.Refusal(url) is { } refusal
            ? throw new TransferFailure(
                FedJobErrorCode.UrlNotAllowed,
                $"the repository stored the file under {SafeUri.Text(url)}, which nodes would refuse: {refusal}",
                "Reach the repository by the host name it knows itself by, or name that origin in RepositoryOptions.AdditionalOrigins.")
            { Status = HttpStatusCode.Created }
            : url;
    }

    private static TransferFailure Strange(string problem, Exception? cause = null) => new(
        FedJobErrorCode.RepositoryRefused,
        $"the answer to the upload is not that of a Fed-BioMed repository: {problem}",
        "Check that RepositoryOptions.Address is that of a Fed-BioMed repository.",
        cause)
    { Status = HttpStatusCode.Created };
}

using System.Net;
using System.Text.RegularExpressions;

namespace FedJob.Testing.Scripting;

/// <summary>A download that failed, with the node's own text.</summary>
internal sealed class DownloadException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Fetches files as the node does, with its texts for what goes wrong.</summary>
internal sealed partial class Downloads : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Whether the node takes it for the URL of a training plan; a port needs two digits.</summary>
    public static bool LooksLikeUrl(string url) => Url().IsMatch(url);

    /// <exception cref="DownloadException">It failed; the message is the node's.</exception>
    public async Task<byte[]> GetAsync(string url, string fileName, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new DownloadException(
                $"FB604: repository error : bad URL when downloading file {fileName}(details :Invalid URL {PythonText.Repr(url)}: "
                + $"No scheme supplied. Perhaps you meant http://{url}? )");
        }

        try
        {
            using HttpResponseMessage response = await _http.GetAsync(address, cancellationToken).ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK
                ? await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false)
                : throw new DownloadException($"FB202: server returns {(int)response.StatusCode} error when downloading file {fileName}");
        }
        catch (HttpRequestException exception)
        {
            throw new DownloadException($"FB201: server not reachable when downloading file {fileName}", exception);
        }
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex(@"^(?:http|ftp)s?://[^\s/:]+(?::\d{2,5})?(?:/\S*)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Url();
}

using System.Net;
using System.Net.Http.Headers;

namespace FedJob.Protocol.Storage;

/// <summary>What every request to the repository has in common.</summary>
internal static class RepositoryRequest
{
    private static readonly ProductInfoHeaderValue UserAgent = new("FedJob", null);
    private static readonly StringWithQualityHeaderValue NotEncoded = new("identity");

    /// <summary>A request; credentials go to the repository's own origin only.</summary>
    public static HttpRequestMessage Create(HttpMethod method, Uri url, RepositorySettings settings, IdleWatch watch)
    {
        var request = new HttpRequestMessage(method, url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Options.Set(IdleWatch.Key, watch);
        request.Headers.UserAgent.Add(UserAgent);
        request.Headers.AcceptEncoding.Add(NotEncoded);
        if (settings.Origins.IsOwn(url))
        {
            request.Headers.Authorization = settings.Credentials;
        }

        return request;
    }
}

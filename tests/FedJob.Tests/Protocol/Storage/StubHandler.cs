using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace FedJob.Tests.Protocol.Storage;

/// <summary>An HTTP stack that answers from a script: the n-th request gets the n-th answer, the last one from then on.</summary>
internal sealed class StubHandler(params Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>[] answers)
    : HttpMessageHandler
{
    private int _count;

    public StubHandler(params Func<HttpResponseMessage>[] answers)
        : this([.. answers.Select<Func<HttpResponseMessage>, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>>(
            answer => (_, _) => Task.FromResult(answer()))])
    {
    }

    public int Count => _count;

    public ConcurrentQueue<SentRequest> Requests { get; } = [];

    public static HttpResponseMessage Status(HttpStatusCode status) => new(status) { Content = new ByteArrayContent([]) };

    public static HttpResponseMessage File(byte[] bytes) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) };

    public static HttpResponseMessage Stored(string json) =>
        new(HttpStatusCode.Created) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int number = Interlocked.Increment(ref _count);
        byte[] body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        Requests.Enqueue(new SentRequest(
            request.Method,
            request.RequestUri!,
            request.Headers.Authorization?.ToString(),
            request.Content?.Headers.ContentLength,
            request.Content?.Headers.ContentType?.ToString(),
            Encoding.Latin1.GetString(body)));
        HttpResponseMessage response = await answers[Math.Min(number, answers.Length) - 1](request, cancellationToken);
        response.RequestMessage = request;
        return response;
    }

    internal sealed record SentRequest(
        HttpMethod Method, Uri Url, string? Authorization, long? ContentLength, string? ContentType, string Body);
}

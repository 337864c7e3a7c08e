using System.Net.Sockets;
using System.Text;

namespace FedJob.IntegrationTests.Storage;

/// <summary>A response as its bytes are, read without any HTTP stack.</summary>
/// <param name="StatusLine">The first line.</param>
/// <param name="Headers">Names in lower case, and values.</param>
/// <param name="Body">Everything after the empty line, one character a byte.</param>
internal sealed record RawHttp(string StatusLine, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public static RawHttp Parse(byte[] bytes)
    {
        string text = Encoding.Latin1.GetString(bytes);
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, $"no response head in '{text}'");
        string[] lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1]);
        return new RawHttp(lines[0], headers, text[(end + 4)..]);
    }

    /// <summary>Sends bytes and reads until the server closes the connection.</summary>
    public static async Task<RawHttp> SendAsync(Uri address, byte[] request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TestTimeouts.Default);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port, timeout.Token);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(request, timeout.Token);
        using var received = new MemoryStream();
        await stream.CopyToAsync(received, timeout.Token);
        return Parse(received.ToArray());
    }

    public static Task<RawHttp> SendAsync(Uri address, string request, CancellationToken cancellationToken) =>
        SendAsync(address, Encoding.Latin1.GetBytes(request), cancellationToken);
}

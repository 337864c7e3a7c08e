using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.IntegrationTests.Storage;

/// <summary>Uploads to a server that misbehaves, over real sockets.</summary>
public sealed class HostileUploadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_SilentServer_IdleTimeoutEndsIt()
    {
        await using var server = new RawServer((_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));
        using var under = new HostileUnderTest(server, o =>
        {
            o.IdleTimeout = TimeSpan.FromMilliseconds(200);
            o.MaximumAttempts = 1;
        });

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.UploadAsync(under.Scratch.WriteNoise("sent", 32_000_000), "a", Token));

        Assert.Equal(FedJobErrorCode.TransferInterrupted, thrown.Code);
    }

    [Fact]
    public async Task Upload_SlowButSteadyServer_NoWallClock()
    {
        const int Length = 3_000_000;
        await using var server = new RawServer(async (stream, cancellationToken) =>
        {
            string head = await RawServer.ReadHeadAsync(stream, cancellationToken);
            long left = long.Parse(head.Split("Content-Length: ")[1].Split("\r\n")[0], CultureInfo.InvariantCulture);
            byte[] block = new byte[100_000];
            using var slowness = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (left > 0)
            {
                left -= await stream.ReadAsync(block, cancellationToken);
                await slowness.WaitForNextTickAsync(cancellationToken);
            }

            await WriteStoredAsync(stream, cancellationToken);
        });
        using var under = new HostileUnderTest(server, o => o.IdleTimeout = TimeSpan.FromSeconds(1));

        long started = Stopwatch.GetTimestamp();
        UploadedFile file = await under.Client.UploadAsync(under.Scratch.WriteNoise("sent", Length), "a", Token);

        Assert.Equal(Length, file.Length);
        Assert.True(Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(1), "the transfer was not slower than the idle timeout");
        Assert.Equal(1, server.Count);
    }

    [Fact]
    public async Task Upload_RefusedBeforeTheBytes_StatusIsKnownAndNothingSent()
    {
        long received = 0;
        await using var server = new RawServer(async (stream, cancellationToken) =>
        {
            await RawServer.ReadHeadAsync(stream, cancellationToken);
            await stream.WriteAsync(
                "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), cancellationToken);
            received = await stream.ReadAsync(new byte[1000], cancellationToken);
        });
        using var under = new HostileUnderTest(server);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.UploadAsync(under.Scratch.WriteNoise("sent", 32_000_000), "a", Token));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, thrown.Status);
        Assert.Equal(1, server.Count);
        Assert.Equal(0, received);
    }

    private static async Task WriteStoredAsync(Stream stream, CancellationToken cancellationToken)
    {
        // The address is not known here: the URL is the one the client asked on, which the test's options allow.
        const string Json = "{\"file\":\"http://repository.test/x\"}";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 201 Created\r\nContent-Length: {Json.Length}\r\n\r\n{Json}"), cancellationToken);
    }
}

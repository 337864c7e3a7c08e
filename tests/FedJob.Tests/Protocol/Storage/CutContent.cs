using System.Net;

namespace FedJob.Tests.Protocol.Storage;

/// <summary>A body of an announced length whose connection is cut before its end.</summary>
internal sealed class CutContent : HttpContent
{
    private readonly byte[] _bytes;

    public CutContent(byte[] bytes, long announced)
    {
        _bytes = bytes;
        Headers.ContentLength = announced;
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new CutStream(_bytes));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private sealed class CutStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var count ? count : throw new IOException("cut");
    }
}

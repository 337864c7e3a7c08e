using System.Net;
using FedJob.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace FedJob.Protocol.Storage;

/// <summary>
/// The bytes of a file on their way out: read in large blocks, hashed, and sent in slices so that a slow network shows that it moves.
/// </summary>
internal sealed class UploadContent : HttpContent
{
    private const int SliceBytes = 64 * 1024;

    private readonly string _path;
    private readonly IdleWatch _watch;
    private readonly SafeFileHandle _file;
    private readonly DateTime _writtenAt;

    /// <summary>Opens the file; its length is fixed from here on.</summary>
    /// <exception cref="FedJobException">It could not be opened.</exception>
    public UploadContent(string path, IdleWatch watch)
    {
        _path = path;
        _watch = watch;
        try
        {
            _file = File.OpenHandle(path, options: FileOptions.Asynchronous | FileOptions.SequentialScan);
            Length = RandomAccess.GetLength(_file);
            _writtenAt = File.GetLastWriteTimeUtc(_file);
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            _file?.Dispose();
            throw LocalFileFailure.Of("Reading", path, exception);
        }
    }

    /// <summary>How many bytes the file has.</summary>
    public long Length { get; }

    /// <summary>The digest of what was sent; <see langword="null"/> until all was.</summary>
    public FileDigest? Digest { get; private set; }

    /// <summary>
    /// What went wrong with the file while it was sent, if something did: the HTTP stack may hide it in an exception of its own.
    /// </summary>
    public FedJobException? Failure { get; private set; }

    protected override bool TryComputeLength(out long length)
    {
        length = Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The HTTP stack may call this again when a pooled connection turns out to be dead.
        Digest = null;
        using var digest = new DigestComputer(DigestAlgorithm.XxHash128);
        byte[] buffer = TransferBlocks.Rent(Length);
        try
        {
            for (long sent = 0; sent < Length;)
            {
                _watch.Pause();
                Memory<byte> wanted = buffer.AsMemory(0, (int)Math.Min(buffer.Length, Length - sent));
                int read = await ReadAsync(wanted, sent, cancellationToken).ConfigureAwait(false);
                digest.Append(wanted.Span[..read]);
                sent += read;
                if (sent == Length)
                {
                    // Before the last bytes go out: a repository that lacks them keeps nothing.
                    CheckUnchanged();
                }

                await SendAsync(stream, wanted[..read], cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            TransferBlocks.Return(buffer);
        }

        Digest = digest.Finish();
        _watch.RestartWithBuffersToDrain();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task SendAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (int start = 0; start < bytes.Length; start += SliceBytes)
        {
            _watch.Restart();
            ReadOnlyMemory<byte> slice = bytes.Slice(start, Math.Min(SliceBytes, bytes.Length - start));
            await stream.WriteAsync(slice, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await RandomAccess.ReadAsync(_file, buffer, offset, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            throw Failure = LocalFileFailure.Of("Reading", _path, exception);
        }

        return read > 0 ? read : throw Changed();
    }

    private void CheckUnchanged()
    {
        if (RandomAccess.GetLength(_file) != Length || File.GetLastWriteTimeUtc(_file) != _writtenAt)
        {
            throw Changed();
        }
    }

    private FedJobException Changed() => Failure = new FedJobException(
        FedJobErrorCode.LocalFileFailed,
        FormattableString.Invariant($"Uploading '{_path}' failed: it changed meanwhile; it had {Length} bytes and has ")
            + FormattableString.Invariant($"{RandomAccess.GetLength(_file)}. Finish writing it first."));
}

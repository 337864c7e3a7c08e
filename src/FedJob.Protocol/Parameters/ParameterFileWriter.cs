using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Writes files of Fed-BioMed's MessagePack format, byte for byte as its own serializer would. The bytes of tensors stream straight from
/// where they lie to the file; nothing grows with their size.
/// </summary>
public static class ParameterFileWriter
{
    /// <summary>
    /// Writes a file: first to a temporary one in the same folder, which is then renamed, so that the file is never seen half written.
    /// Whatever goes wrong, the temporary file is removed and an existing file stays as it was.
    /// </summary>
    /// <param name="path">Where to; an existing file is replaced. Its folder must exist.</param>
    /// <param name="value">What to write.</param>
    /// <param name="cancellationToken">Ends the writing between two blocks of 4 MiB.</param>
    /// <returns>Path, length and digest.</returns>
    /// <exception cref="ParameterFormatException">
    /// The value cannot be written: a tensor is larger than the format can hold (4 GiB - 1) or of an element type PyTorch lacks, the values
    /// stand more than 100 deep in each other, or a map would be taken for a typed value.
    /// </exception>
    /// <exception cref="FedJobException">The file cannot be written (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    /// <exception cref="ObjectDisposedException">A tensor is a view of a file that was disposed.</exception>
    public static async Task<WrittenFile> WriteAsync(string path, ParameterValue value, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(value);

        // A span cannot outlive an await, so the writing itself is synchronous; it must not hold the caller's thread.
        return await Task.Run(() => Write(Path.GetFullPath(path), value, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a small value to memory, e.g. to compare it with a file.</summary>
    /// <param name="value">What to write.</param>
    /// <returns>The bytes of the file.</returns>
    /// <exception cref="ParameterFormatException">The value cannot be written; see <see cref="WriteAsync"/>.</exception>
    public static byte[] ToArray(ParameterValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        WriteCheck.Check(value);
        using var stream = new MemoryStream();
        ValueEncoder.Write(new ByteSink(stream, CancellationToken.None), value);
        return stream.ToArray();
    }

    private static WrittenFile Write(string path, ParameterValue value, CancellationToken cancellationToken)
    {
        WriteCheck.Check(value);
        string temporary = TemporaryFor(path);
        bool complete = false;
        try
        {
            (long length, FileDigest digest) = WriteTemporary(temporary, value, cancellationToken);
            File.Move(temporary, path, overwrite: true);
            complete = true;
            return new WrittenFile(path, length, digest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(path, e);
        }
        finally
        {
            if (!complete)
            {
                Remove(temporary);
            }
        }
    }

    private static (long Length, FileDigest Digest) WriteTemporary(string path, ParameterValue value, CancellationToken cancellationToken)
    {
        // Without a buffer of its own, since the sink has one and large spans need none.
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var sink = new ByteSink(stream, cancellationToken);
        ValueEncoder.Write(sink, value);
        return (sink.Length, sink.GetDigest());
    }

    /// <summary>Where a file is written before it has its name: beside it, so that renaming copies nothing.</summary>
    internal static string TemporaryFor(string path) => Path.Combine(Path.GetDirectoryName(path) ?? path, $".{Guid.NewGuid():N}.mpk.tmp");

    internal static FedJobException NotWritten(string path, Exception failure) => new(
        FedJobErrorCode.LocalFileFailed,
        $"The parameter file '{path}' could not be written: {failure.Message} Check that its folder exists, is writable and has room.",
        failure);

    internal static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder is gone or locked; the failure that led here is already on its way to the caller and says so.
        }
    }
}

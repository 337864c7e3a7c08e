using FedJob.Abstractions;

namespace FedJob.Node.State;

/// <summary>
/// Writes small files so that a reader, or a node started again after a crash, sees the old bytes or the new ones and never a part.
/// </summary>
internal static class AtomicFile
{
    /// <summary>The ending of files that are being written; what has it after a crash is rubbish.</summary>
    public const string TemporaryEnding = ".tmp";

    /// <summary>Writes a file beside its final name and renames it. The death of the process leaves the old file or the new one.</summary>
    /// <param name="path">The final name; an existing file is replaced unless <paramref name="replace"/> is false.</param>
    /// <param name="bytes">The content.</param>
    /// <param name="replace">Whether an existing file may be replaced.</param>
    /// <param name="durable">Whether the bytes are on the disk when this returns, so that a loss of power leaves them too; that takes
    /// milliseconds.</param>
    /// <param name="cancellationToken">Ends the call; the temporary file is removed.</param>
    /// <returns>Whether the file was written: false only where one existed and may not be replaced.</returns>
    /// <exception cref="FedJobException">The file cannot be written (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static async Task<bool> WriteAsync(
        string path, ReadOnlyMemory<byte> bytes, bool replace, bool durable, CancellationToken cancellationToken)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}{TemporaryEnding}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            FileStream stream =
                new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: durable);
            }

            return Rename(temporary, path, replace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
        finally
        {
            Delete(temporary);
        }
    }

    /// <summary>Deletes a file if it is there and can be deleted; what stays is removed when the node starts again.</summary>
    /// <param name="path">The file.</param>
    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Cleaning up must not hide the outcome it follows; the start of the next node tries again.
        }
    }

    /// <summary>The error of a file of the state directory that could not be read or written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cause">Why.</param>
    /// <returns>The error.</returns>
    public static FedJobException Failed(string path, Exception cause) => new(
        FedJobErrorCode.LocalFileFailed,
        $"The node's file '{path}' could not be read or written: {cause.Message} "
        + "See that its disk has room and the node's account may write there.",
        cause);

    private static bool Rename(string from, string to, bool replace)
    {
        try
        {
            File.Move(from, to, replace);
            return true;
        }
        catch (IOException) when (!replace && File.Exists(to))
        {
            return false;
        }
    }
}

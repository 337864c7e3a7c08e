using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace FedJob.Protocol.Storage;

/// <summary>
/// A file that is being received, under a temporary name beside its destination; gone when disposed before it was completed.
/// </summary>
internal sealed partial class PartFile : IDisposable
{
    private readonly string _destination;
    private readonly ILogger _logger;
    private readonly SafeFileHandle _handle;
    private bool _completed;

    /// <summary>Creates the file.</summary>
    /// <param name="destination">Its final name.</param>
    /// <param name="spare">A file whose room it takes over; null for none.</param>
    /// <param name="logger">Where it is told that a file was left behind.</param>
    /// <exception cref="FedJob.Abstractions.FedJobException">It could not be created.</exception>
    public PartFile(string destination, string? spare, ILogger logger)
    {
        _destination = destination;
        _logger = logger;
        Path = $"{destination}.{Guid.NewGuid():N}.part";
        try
        {
            if (spare is not null && File.Exists(spare))
            {
                File.Move(spare, Path);
                _handle = File.OpenHandle(Path, FileMode.Open, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
            }
            else
            {
                _handle = File.OpenHandle(Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
            }
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            Remove();
            throw LocalFileFailure.Of("Creating", Path, exception);
        }
    }

    /// <summary>The temporary name.</summary>
    public string Path { get; }

    /// <summary>How many bytes were written.</summary>
    public long Length { get; private set; }

    /// <summary>Writes the next bytes.</summary>
    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(_handle, bytes, Length, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            throw LocalFileFailure.Of("Writing", Path, exception);
        }

        Length += bytes.Length;
    }

    /// <summary>Begins again at the start; what was written is overwritten, or cut off in the end.</summary>
    public void Rewind() => Length = 0;

    /// <summary>Gives the file its final name, replacing a file that has it.</summary>
    public void Complete()
    {
        try
        {
            if (RandomAccess.GetLength(_handle) != Length)
            {
                RandomAccess.SetLength(_handle, Length);
            }

            _handle.Dispose();
            File.Move(Path, _destination, overwrite: true);
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            throw LocalFileFailure.Of($"Renaming to '{_destination}'", Path, exception);
        }

        _completed = true;
    }

    public void Dispose()
    {
        _handle.Dispose();
        if (!_completed)
        {
            Remove();
        }
    }

    private void Remove()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            // The failure that led here is the one to tell; this one leaves a file behind.
            LogNotRemoved(exception, Path);
        }
    }

    [LoggerMessage(1303, LogLevel.Warning, "The temporary file {Path} could not be removed")]
    private partial void LogNotRemoved(Exception exception, string path);
}

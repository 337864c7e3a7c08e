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
    /// <exception cref="FedJob.Abstractions.FedJobException">It could not be created.</exception>
    public PartFile(string destination, ILogger logger)
    {
        _destination = destination;
        _logger = logger;
        Path = $"{destination}.{Guid.NewGuid():N}.part";
        try
        {
            _handle = File.OpenHandle(Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
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

    /// <summary>Drops what was written, for another attempt from the start.</summary>
    public void Clear()
    {
        try
        {
            RandomAccess.SetLength(_handle, 0);
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            throw LocalFileFailure.Of("Emptying", Path, exception);
        }

        Length = 0;
    }

    /// <summary>Gives the file its final name, replacing a file that has it.</summary>
    public void Complete()
    {
        _handle.Dispose();
        try
        {
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
        if (_completed)
        {
            return;
        }

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

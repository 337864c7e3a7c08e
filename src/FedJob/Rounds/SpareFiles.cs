using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>
/// The node files of a loop's last committed round, whose room on the disk and in memory the next round's files take over: overwriting a file costs the
/// system far less than removing it and making another. At most one round's files; none outside a loop.
/// </summary>
internal sealed partial class SpareFiles(string directory, ILogger logger)
{
    /// <summary>Below, making a file costs no more than finding one.</summary>
    private const long SmallestBytes = 1 << 18;

    private readonly Lock _lock = new();
    private readonly Stack<string> _files = new();
    private bool _keeps;

    /// <summary>The name of the folder in the job's directory.</summary>
    public static string FolderOf(string jobId) => $"{jobId}-spare";

    /// <summary>A round begins.</summary>
    /// <param name="another">Whether another one will follow at once, which its files are kept for.</param>
    public void Begin(bool another)
    {
        lock (_lock)
        {
            _keeps = another;
        }
    }

    /// <summary>A file to overwrite, which is the caller's from now on; <see langword="null"/> when there is none.</summary>
    public string? Take()
    {
        lock (_lock)
        {
            return _files.TryPop(out string? path) ? path : null;
        }
    }

    /// <summary>Takes over the files of a directory that are worth it; the others stay there.</summary>
    public void TakeOver(string roundDirectory)
    {
        lock (_lock)
        {
            RemoveAll();
            if (!_keeps)
            {
                return;
            }

            foreach (FileInfo file in new DirectoryInfo(roundDirectory).EnumerateFiles("*.mpk").Where(f => f.Length >= SmallestBytes).ToArray())
            {
                Directory.CreateDirectory(directory);
                string path = Path.Combine(directory, file.Name);
                file.MoveTo(path);
                _files.Push(path);
            }
        }
    }

    /// <summary>Removes them all; from now on none are kept.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _keeps = false;
            RemoveAll();
        }
    }

    private void RemoveAll()
    {
        _files.Clear();
        try
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What the rounds came to does not depend on it.
            LogNotRemoved(directory, failure.Message);
        }
    }

    [LoggerMessage(1105, LogLevel.Warning, "The spare files in {Directory} could not be removed: {Reason}")]
    private partial void LogNotRemoved(string directory, string reason);
}

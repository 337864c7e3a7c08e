using FedJob.Abstractions;

namespace FedJob.Journal;

/// <summary>The right of one process to write in a job's directory. The operating system takes it back when the process ends, however it ends.</summary>
internal sealed class DirectoryLease : IDisposable
{
    /// <summary>The file that is locked; it says nothing else.</summary>
    public const string FileName = "job.lock";

    private readonly FileStream _lock;

    private DirectoryLease(FileStream stream) => _lock = stream;

    /// <summary>Takes the lease; the directory exists.</summary>
    /// <exception cref="JournalException">Another process, or another job of this one, has it.</exception>
    public static DirectoryLease Take(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            return new DirectoryLease(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new FedJobException(FedJobErrorCode.LocalFileFailed, $"The job's directory '{directory}' cannot be written: {failure.Message}", failure);
        }
        catch (IOException failure) when (!File.Exists(path))
        {
            throw new FedJobException(FedJobErrorCode.LocalFileFailed, $"The job's directory '{directory}' cannot be written: {failure.Message}", failure);
        }
        catch (IOException held)
        {
            throw new JournalException(
                FedJobErrorCode.JobDirectoryInUse,
                directory,
                $"The directory '{directory}' is used by a job that runs, in this process or another; a directory belongs to one job at a time. "
                + "End that job, or give another directory. JobStore.ReadStatus shows what it does.",
                held);
        }
    }

    /// <summary>Whether a job, of whatever process, has the lease of a directory.</summary>
    public static bool IsHeld(string directory)
    {
        try
        {
            using var probe = new FileStream(Path.Combine(directory, FileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => _lock.Dispose();
}

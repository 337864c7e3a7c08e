using FedJob.Abstractions;

namespace FedJob.Journal;

/// <summary>The right of one process to write in a job's directory. The operating system takes it back when the process ends, however it ends.</summary>
internal sealed class DirectoryLease : IDisposable
{
    /// <summary>The file that is locked; it says nothing else. Only who wants the lease opens it, so that nobody who merely looks can be in the way.</summary>
    public const string FileName = "job.lock";

    /// <summary>The file that is locked besides, to be seen: who looks tries to open this one.</summary>
    public const string SignFileName = "job.held";

    /// <summary>More than enough to outlast who looks: that takes some microseconds, a try about as long.</summary>
    private const int SignAttempts = 200;

    private readonly FileStream _lock;
    private readonly FileStream? _sign;

    private DirectoryLease(FileStream stream, FileStream? sign) => (_lock, _sign) = (stream, sign);

    /// <summary>Takes the lease; the directory exists.</summary>
    /// <exception cref="JournalException">Another process, or another job of this one, has it.</exception>
    public static DirectoryLease Take(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            var taken = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return new DirectoryLease(taken, PutUpSign(directory));
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
            using var probe = new FileStream(Path.Combine(directory, SignFileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
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

    /// <summary>Leaves a directory without a trace of leases.</summary>
    public static void Delete(string directory)
    {
        File.Delete(Path.Combine(directory, SignFileName));
        File.Delete(Path.Combine(directory, FileName));
    }

    public void Dispose()
    {
        _sign?.Dispose();
        _lock.Dispose();
    }

    /// <summary>Shows those who look that the lease is taken. Should one of them have stopped while it looked, the lease holds unseen: it does not depend on this.</summary>
    private static FileStream? PutUpSign(string directory)
    {
        string path = Path.Combine(directory, SignFileName);
        for (int attempt = 0; attempt < SignAttempts; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (Exception looked) when (looked is IOException or UnauthorizedAccessException)
            {
                // Somebody looks right now, or was interrupted in it.
                Thread.Yield();
            }
        }

        return null;
    }
}

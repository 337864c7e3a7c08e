using FedJob.Abstractions;
using FedJob.Journal;
using FedJob.Rounds;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <summary>Where a job keeps its journal and files, alone: a directory of the caller's that stays, or a temporary one that goes with the job.</summary>
internal sealed partial class JobDirectory : IDisposable
{
    private readonly bool _temporary;
    private readonly ILogger _logger;

    private readonly DirectoryLease _lease;

    private JobDirectory(string path, bool temporary, DirectoryLease lease, ILogger logger) =>
        (Path, _temporary, _lease, _logger) = (path, temporary, lease, logger);

    public string Path { get; }

    /// <summary>Takes a directory for a new job.</summary>
    /// <exception cref="JournalException">It holds a job already, or a running job uses it.</exception>
    public static JobDirectory Create(string? path, ILogger logger)
    {
        JobDirectory directory = Take(path, logger);
        if (!JournalReader.IsIn(directory.Path))
        {
            return directory;
        }

        if (JournalReader.HoldsNoJob(directory.Path))
        {
            // Of a process that was ended while it made its job: nothing is lost with it.
            JobJournal.Delete(directory.Path);
            return directory;
        }

        directory.Dispose();
        throw new JournalException(
            FedJobErrorCode.JobDirectoryInUse,
            directory.Path,
            $"The directory '{directory.Path}' holds the journal of a job. Go on with that job (FedJobClient.ResumeJobAsync), or give another directory.");
    }

    /// <summary>Takes a directory; one that is named is made if it does not exist.</summary>
    /// <exception cref="JournalException">A running job uses it.</exception>
    public static JobDirectory Take(string? path, ILogger logger)
    {
        try
        {
            string full = path is null ? Directory.CreateTempSubdirectory("fedjob-").FullName : Directory.CreateDirectory(path).FullName;
            return new JobDirectory(full, path is null, DirectoryLease.Take(full), logger);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed, $"The job's directory '{path ?? "(temporary)"}' cannot be made: {failure.Message}", failure);
        }
    }

    /// <summary>Where the nodes' files of a round go while it runs.</summary>
    public string RoundDirectory(string jobId, int round) => System.IO.Path.Combine(Path, NodeFiles.FolderOf(jobId, round));

    /// <summary>Removes a file that is not needed any more; where it cannot be, it stays and the log says so.</summary>
    public static void TryDelete(string path, ILogger logger)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogFileNotRemoved(logger, path, failure.Message);
        }
    }

    /// <summary>Removes a directory if nothing is left in it.</summary>
    public static void TryDeleteEmpty(string path, ILogger logger)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogFileNotRemoved(logger, path, failure.Message);
        }
    }

    public void Dispose()
    {
        _lease.Dispose();
        try
        {
            if (!_temporary && !JournalReader.IsIn(Path))
            {
                // No job came of it: the directory is left as it was found.
                DirectoryLease.Delete(Path);
            }

            if (_temporary && Directory.Exists(Path))
            {
                Directory.Delete(Path, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The job is over; what is left lies where the system keeps temporary files.
            LogNotRemoved(Path, failure.Message);
        }
    }

    [LoggerMessage(1003, LogLevel.Warning, "The file {Path} could not be removed: {Reason}")]
    private static partial void LogFileNotRemoved(ILogger logger, string path, string reason);

    [LoggerMessage(1002, LogLevel.Warning, "The temporary directory {Directory} could not be removed: {Reason}")]
    private partial void LogNotRemoved(string directory, string reason);
}

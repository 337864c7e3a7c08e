using System.Globalization;
using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <summary>Where a job keeps its files: a directory of the caller's that stays, or a temporary one that goes with the job.</summary>
internal sealed partial class JobDirectory : IDisposable
{
    private readonly bool _temporary;
    private readonly ILogger _logger;

    private JobDirectory(string path, bool temporary, ILogger logger) => (Path, _temporary, _logger) = (path, temporary, logger);

    public string Path { get; }

    public static JobDirectory Open(string? path, ILogger logger)
    {
        try
        {
            return path is null
                ? new JobDirectory(Directory.CreateTempSubdirectory("fedjob-").FullName, temporary: true, logger)
                : new JobDirectory(Directory.CreateDirectory(path).FullName, temporary: false, logger);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed, $"The job's directory '{path ?? "(temporary)"}' cannot be made: {failure.Message}", failure);
        }
    }

    /// <summary>Where the nodes' files of a round go while it runs; several jobs may share one directory.</summary>
    public string RoundDirectory(string jobId, int round) =>
        System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{jobId}-round-{round}"));

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
        try
        {
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

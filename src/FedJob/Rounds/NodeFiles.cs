using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>The directory of a round's node files; it goes with the round, unless it is kept.</summary>
internal sealed partial class NodeFiles : IDisposable
{
    private readonly string _directory;
    private readonly ILogger _logger;
    private bool _kept;

    private NodeFiles(string directory, ILogger logger) => (_directory, _logger) = (directory, logger);

    public static NodeFiles Create(string directory, ILogger logger)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new NodeFiles(directory, logger);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed, $"The directory '{directory}' for the nodes' files cannot be made: {failure.Message}", failure);
        }
    }

    /// <summary>Leaves the files to the job.</summary>
    public void Keep() => _kept = true;

    /// <summary>Closes the updates and removes their files now; what else the round keeps here stays until its end.</summary>
    public void Remove(UpdateCombination updates)
    {
        updates.CloseFiles();
        try
        {
            foreach (string path in updates.Paths)
            {
                File.Delete(path);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The end of the round tries again.
            LogNotRemoved(_directory, failure.Message);
        }
    }

    public void Dispose()
    {
        if (_kept)
        {
            return;
        }

        try
        {
            Directory.Delete(_directory, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What the round came to does not depend on it.
            LogNotRemoved(_directory, failure.Message);
        }
    }

    [LoggerMessage(1102, LogLevel.Warning, "The nodes' files in {Directory} could not be removed: {Reason}")]
    private partial void LogNotRemoved(string directory, string reason);
}

using System.Globalization;
using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>The directory of a round's node files. It goes when the round is committed, unless it is kept; a round that was not committed may still need it.</summary>
internal sealed partial class NodeFiles : IDisposable
{
    private readonly string _directory;
    private readonly SpareFiles? _spares;
    private readonly ILogger _logger;
    private bool _committed;
    private bool _kept;

    private NodeFiles(string directory, SpareFiles? spares, ILogger logger) => (_directory, _spares, _logger) = (directory, spares, logger);

    /// <summary>The name of a round's folder in its job's directory.</summary>
    public static string FolderOf(string jobId, int round) => string.Create(CultureInfo.InvariantCulture, $"{jobId}-round-{round}");

    public static NodeFiles Create(string directory, SpareFiles? spares, ILogger logger)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new NodeFiles(directory, spares, logger);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed, $"The directory '{directory}' for the nodes' files cannot be made: {failure.Message}", failure);
        }
    }

    /// <summary>The round is over: the files are not needed, or are the job's from now on.</summary>
    public void Commit(bool keep) => (_committed, _kept) = (true, keep);

    public void Dispose()
    {
        if (_kept)
        {
            return;
        }

        try
        {
            if (_committed)
            {
                _spares?.TakeOver(_directory);
            }

            if (_committed || !Directory.EnumerateFileSystemEntries(_directory).Any())
            {
                Directory.Delete(_directory, recursive: true);
            }
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

using System.Collections.Concurrent;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Testing.Scripting;

/// <summary>
/// What the nodes of a fleet share: repository, scratch directory, clock, and the work that goes on beside the reading of messages.
/// </summary>
internal sealed partial class FleetContext : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _logger;

    public FleetContext(ScriptedFleetOptions options, ILoggerFactory loggers, TimeProvider timeProvider)
    {
        (Options, Loggers, TimeProvider) = (options, loggers, timeProvider);
        _logger = loggers.CreateLogger<ScriptedFleet>();
        Repository = new Repository(options.Repository, loggers.CreateLogger<Repository>(), timeProvider);
        Transfers = new SemaphoreSlim(options.TransferParallelism);
        Scratch = Directory.CreateTempSubdirectory("fedjob-scripted-");
        Stopping = _stopping.Token;
    }

    public ScriptedFleetOptions Options { get; }

    public ILoggerFactory Loggers { get; }

    public TimeProvider TimeProvider { get; }

    public Repository Repository { get; }

    /// <summary>Bounds the transfers that run at a time.</summary>
    public SemaphoreSlim Transfers { get; }

    public DirectoryInfo Scratch { get; }

    public CancellationToken Stopping { get; }

    /// <summary>Runs something beside; the end of the fleet waits for it.</summary>
    /// <param name="nodeId">Whose work it is, for the log.</param>
    /// <param name="work">The work; it ends when the fleet stops.</param>
    public void Run(string nodeId, Func<Task> work)
    {
        Task task = Task.Run(() => GuardAsync(nodeId, work));
        _running[task] = 0;
        _ = task.ContinueWith(done => _running.TryRemove(done, out byte _), TaskScheduler.Default);
    }

    public Task StopAsync() => _stopping.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        while (!_running.IsEmpty)
        {
            // What runs may begin more, but nothing new begins from outside any more.
            await Task.WhenAll(_running.Keys).ConfigureAwait(false);
            await Task.Yield();
        }

        Repository.Dispose();
        Transfers.Dispose();
        _stopping.Dispose();
        Scratch.Delete(recursive: true);
    }

    private async Task GuardAsync(string nodeId, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The node crashed, or the fleet stops.
        }
        catch (Exception exception)
        {
            LogFailed(exception, nodeId);
        }
    }

    [LoggerMessage(1560, LogLevel.Warning, "Scripted node {NodeId}: something it was doing failed")]
    private partial void LogFailed(Exception exception, string nodeId);
}

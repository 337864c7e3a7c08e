using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace FedJob.Testing.Faults;

/// <summary>
/// Ends its own process, as by kill -9, at the n-th event that FedJob logs: nothing is flushed, closed or told to anybody. FedJob logs before and after what
/// must survive (each entry of a job's journal, each request, each file of a checkpoint), so that a test which starts its program once for each event tries
/// every moment. Give it to the logger factory of the program under test, at level <see cref="LogLevel.Trace"/>.
/// </summary>
/// <example><code>
/// using var points = new CrashPoints(new() { CrashAt = 17 });
/// using ILoggerFactory loggers = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(points));
/// await using FedJobClient client = await FedJobClient.ConnectAsync(options, loggers);
/// </code></example>
public sealed class CrashPoints : ILoggerProvider
{
    private const string Categories = "FedJob";
    private readonly Lock _lock = new();
    private readonly List<CrashPoint> _reached = [];
    private readonly int? _crashAt;
    private readonly HashSet<int> _eventIds;

    /// <summary>Makes a provider.</summary>
    /// <param name="options">Where it ends the process; read once, here. Default: nowhere, it only counts.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="CrashPointsOptions.CrashAt"/> is below 1.</exception>
    public CrashPoints(CrashPointsOptions? options = null)
    {
        if (options?.CrashAt < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.CrashAt, "CrashPointsOptions.CrashAt is below 1; events are counted from 1.");
        }

        (_crashAt, _eventIds) = (options?.CrashAt, [.. options?.EventIds ?? new HashSet<int>()]);
    }

    /// <summary>The events so far that count, in the order they were logged.</summary>
    public IReadOnlyList<CrashPoint> Reached
    {
        get
        {
            lock (_lock)
            {
                return [.. _reached];
            }
        }
    }

    /// <summary>Makes the logger of a category; events of categories outside FedJob do not count.</summary>
    /// <param name="categoryName">The category.</param>
    /// <returns>The logger.</returns>
    public ILogger CreateLogger(string categoryName)
    {
        ArgumentNullException.ThrowIfNull(categoryName);
        return new Counter(this, categoryName == Categories || categoryName.StartsWith(Categories + ".", StringComparison.Ordinal));
    }

    /// <summary>Does nothing: it holds nothing.</summary>
    public void Dispose()
    {
    }

    private void Reach(int eventId, string template)
    {
        // Held while the process ends: whatever thread logs next gets no further.
        lock (_lock)
        {
            if (_eventIds.Count > 0 && !_eventIds.Contains(eventId))
            {
                return;
            }

            _reached.Add(new CrashPoint(_reached.Count + 1, eventId, template));
            if (_reached.Count == _crashAt)
            {
                using Process own = Process.GetCurrentProcess();
                own.Kill();
                throw new InvalidOperationException("The process was to be killed at a crash point, and the system did not do it.");
            }
        }
    }

    private sealed class Counter(CrashPoints points, bool counts) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => counts && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                string? template = (state as IEnumerable<KeyValuePair<string, object?>>)?.LastOrDefault(v => v.Key == "{OriginalFormat}").Value as string;
                points.Reach(eventId.Id, template ?? formatter(state, exception));
            }
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Counts, from what real FedJob nodes log, how often each train request was begun and how often it was repeated.</summary>
internal sealed class NodeLedger : ILoggerProvider
{
    /// <summary>Of a request that went out without an id, as to a Python node.</summary>
    public const string NoId = "none";

    private const int Begun = 1430;
    private const int Repeated = 1404;
    private readonly ConcurrentQueue<(int EventId, string Request, string? Job)> _entries = new();

    /// <summary>The request of each training of a job that began.</summary>
    public IReadOnlyList<string> TrainingsOf(string job) => [.. _entries.Where(e => e.EventId == Begun && e.Job == job).Select(e => e.Request)];

    /// <summary>How often a request came again.</summary>
    public int RepeatsOf(string request) => _entries.Count(e => e.EventId == Repeated && e.Request == request);

    public ILogger CreateLogger(string categoryName) => new Writer(this);

    public void Dispose()
    {
    }

    private sealed class Writer(NodeLedger ledger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id is Begun or Repeated && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                ledger._entries.Enqueue((eventId.Id, Value(values, "Request") ?? NoId, Value(values, "Job")));
            }
        }

        private static string? Value(IReadOnlyList<KeyValuePair<string, object?>> values, string name) => values.FirstOrDefault(v => v.Key == name).Value?.ToString();
    }
}

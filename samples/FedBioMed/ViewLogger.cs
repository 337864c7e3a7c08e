using Microsoft.Extensions.Logging;

namespace FedBioMed;

/// <summary>FedJob's warnings and errors as single lines of the view, without stack traces.</summary>
internal sealed class ViewLogger(IProgressView view) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The view is the only place that lines go to.");

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and < LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            string cause = exception is null ? string.Empty : $" ({exception.GetType().Name}: {exception.Message})";
            view.Log($"{(logLevel == LogLevel.Warning ? "warning" : "error")}: {formatter(state, exception)}{cause}");
        }
    }

    public void Dispose()
    {
        // holds nothing
    }
}

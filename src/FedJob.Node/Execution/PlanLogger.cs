using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// The logger a plan gets: each line becomes a text at once and nothing of the plan's is kept. Information and above are taken.
/// </summary>
/// <param name="say">Takes the lines.</param>
internal sealed class PlanLogger(Action<LogLevel, string> say) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (IsEnabled(logLevel))
        {
            string text = formatter(state, exception);
            say(logLevel, exception is null ? text : $"{text} ({exception.GetType().Name}: {exception.Message})");
        }
    }
}

namespace FedJob.Abstractions;

/// <summary>
/// The root of every exception FedJob throws, beside argument and state errors and cancellation. Its message says what was tried, with what
/// value, and what to do next; its properties say what is known of where it happened.
/// </summary>
public class FedJobException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="message">What was tried, with what value, and what to do next.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public FedJobException(FedJobErrorCode code, string message, Exception? innerException = null)
        : base(message, innerException) => Code = code;

    /// <summary>What went wrong; <c>docs/errors</c> has a page for each code.</summary>
    public FedJobErrorCode Code { get; }

    /// <summary>The node concerned, if one is.</summary>
    public string? NodeId { get; init; }

    /// <summary>The job concerned, if one is.</summary>
    public string? JobId { get; init; }

    /// <summary>The round concerned, counted from 0, if one is.</summary>
    public int? Round { get; init; }

    /// <summary>The request concerned, if one is.</summary>
    public string? RequestId { get; init; }

    /// <summary>How long was tried or waited, if that matters.</summary>
    public TimeSpan? Elapsed { get; init; }
}

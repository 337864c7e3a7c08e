using System.Net;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>One attempt at a transfer failed; becomes a <see cref="RepositoryException"/> when no further attempt is made.</summary>
internal sealed class TransferFailure(FedJobErrorCode code, string problem, string hint, Exception? innerException = null)
    : Exception(problem, innerException)
{
    public FedJobErrorCode Code { get; } = code;

    /// <summary>What to do next.</summary>
    public string Hint { get; } = hint;

    /// <summary>Whether another attempt may succeed.</summary>
    public bool IsTransient { get; init; }

    /// <summary>The repository's status, if it answered.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>How long the repository asks to wait before another attempt, if it does.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The error for the caller.</summary>
    /// <param name="doing">What was tried, e.g. <c>Downloading</c>.</param>
    /// <param name="location">The address that was tried.</param>
    /// <param name="attempts">How often.</param>
    /// <param name="elapsed">For how long in all.</param>
    public RepositoryException ToException(string doing, Uri location, int attempts, TimeSpan elapsed)
    {
        string tries = attempts > 1
            ? FormattableString.Invariant($" after {attempts} attempts in {elapsed.TotalSeconds:0.###} s")
            : string.Empty;
        return new RepositoryException(Code, $"{doing} {SafeUri.Text(location)} failed{tries}: {Message}. {Hint}", InnerException)
        {
            Status = Status,
            Location = SafeUri.Of(location),
            Elapsed = elapsed,
        };
    }
}

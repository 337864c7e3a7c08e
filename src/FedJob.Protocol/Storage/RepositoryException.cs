using System.Net;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>A transfer to or from the file repository failed.</summary>
public sealed class RepositoryException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="message">What was tried, with what value, and what to do next.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public RepositoryException(FedJobErrorCode code, string message, Exception? innerException = null)
        : base(code, message, innerException)
    {
    }

    /// <summary>The repository's status, if it answered.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>The address that was tried, without credentials.</summary>
    public Uri? Location { get; init; }
}

using FedJob.Abstractions;

namespace FedJob.Protocol.Mqtt;

/// <summary>The broker could not be reached, refused, or did not take a message.</summary>
public sealed class MessagingException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="message">What was tried, with what value, and what to do next.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public MessagingException(FedJobErrorCode code, string message, Exception? innerException = null)
        : base(code, message, innerException)
    {
    }

    /// <summary>Whether the broker refused the login, so that trying again is pointless.</summary>
    public bool IsAuthenticationFailure => Code == FedJobErrorCode.BrokerAuthenticationFailed;
}

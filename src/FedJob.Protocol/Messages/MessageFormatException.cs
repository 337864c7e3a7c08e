using FedJob.Abstractions;

namespace FedJob.Protocol.Messages;

/// <summary>A message that its receiver would refuse was about to be sent; it was not.</summary>
public sealed class MessageFormatException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">The field, its value and the accepted form.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public MessageFormatException(string message, Exception? innerException = null)
        : base(FedJobErrorCode.MessageInvalid, message, innerException)
    {
    }

    /// <summary>The field, by its name on the wire, if it is one.</summary>
    public string? Field { get; init; }
}

using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>A parameter file is not well formed, or holds something else than it should.</summary>
public sealed class ParameterFormatException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong, what was expected and what came.</param>
    /// <param name="offset">Where in the file, in bytes from its start, if that is known.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public ParameterFormatException(string message, long? offset = null, Exception? innerException = null)
        : base(FedJobErrorCode.ParameterFormatInvalid, message, innerException) => Offset = offset;

    /// <summary>Where in the file, in bytes from its start, if that is known.</summary>
    public long? Offset { get; }
}

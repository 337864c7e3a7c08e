using FedJob.Abstractions;

namespace FedJob.Checkpoints;

/// <summary>
/// A directory holds no checkpoint that can be resumed: it is damaged, incomplete, of an unknown version, or none at all. Nothing of it was used, and it
/// was not changed.
/// </summary>
public sealed class CheckpointException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code"><see cref="FedJobErrorCode.CheckpointInvalid"/> or <see cref="FedJobErrorCode.CheckpointVersionUnknown"/>.</param>
    /// <param name="directory">The directory that was read.</param>
    /// <param name="message">What was read, what was expected, and what to do next.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public CheckpointException(FedJobErrorCode code, string directory, string message, Exception? innerException = null)
        : base(code, message, innerException) => Directory = directory;

    /// <summary>The directory that was read.</summary>
    public string Directory { get; }
}

using FedJob.Abstractions;

namespace FedJob.Journal;

/// <summary>A job's directory cannot be used: another process owns it, or its journal is damaged, foreign or of another version. Nothing was changed.</summary>
public sealed class JournalException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code"><see cref="FedJobErrorCode.JournalInvalid"/>, <see cref="FedJobErrorCode.JournalVersionUnknown"/> or <see cref="FedJobErrorCode.JobDirectoryInUse"/>.</param>
    /// <param name="path">The file or directory concerned.</param>
    /// <param name="message">What was read, what was expected, and what to do next.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public JournalException(FedJobErrorCode code, string path, string message, Exception? innerException = null)
        : base(code, message, innerException) => Path = path;

    /// <summary>The file or directory concerned.</summary>
    public string Path { get; }
}

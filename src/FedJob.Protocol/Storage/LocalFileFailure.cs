using System.Security;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>What a failing file on this machine looks like, and how it is told.</summary>
internal static class LocalFileFailure
{
    /// <summary>Whether an exception of a file operation is the file's or disk's fault.</summary>
    public static bool IsOne(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or SecurityException;

    /// <summary>The typed error for it.</summary>
    /// <param name="doing">What was tried, e.g. <c>Reading</c>.</param>
    /// <param name="path">The file.</param>
    /// <param name="cause">What the system said.</param>
    public static FedJobException Of(string doing, string path, Exception cause) => new(
        FedJobErrorCode.LocalFileFailed,
        $"{doing} '{path}' failed: {cause.Message} Check that the path exists, that this process may use it, and that the disk has room.",
        cause);
}

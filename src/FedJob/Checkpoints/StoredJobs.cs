using FedJob.Abstractions;

namespace FedJob.Checkpoints;

/// <summary>Reads what a directory holds of a job: a checkpoint of FedJob, or a breakpoint of Fed-BioMed.</summary>
internal static class StoredJobs
{
    /// <summary>Reads the state; what lies in the directory decides how.</summary>
    /// <exception cref="CheckpointException">The directory holds neither, or what it holds is not sound.</exception>
    public static Task<StoredJob> ReadAsync(string directory, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(directory, CheckpointFileNames.Manifest)))
        {
            return CheckpointReader.ReadAsync(directory, cancellationToken);
        }

        bool exists = Directory.Exists(directory);
        if (exists && FedBioMedLocation.IsIn(directory))
        {
            return Task.FromResult(new StoredJob(FedBioMedBreakpoint.ReadState(directory)));
        }

        throw NotFound(directory, !exists ? "does not exist"
            : Path.GetFileName(Path.TrimEndingDirectorySeparator(directory)).EndsWith(CheckpointDraft.PartialEnd, StringComparison.Ordinal)
                ? "is an unfinished checkpoint of a process that was ended while it wrote; it can be removed"
                : "holds neither");
    }

    private static CheckpointException NotFound(string directory, string how) => new(
        FedJobErrorCode.CheckpointInvalid,
        directory,
        $"'{directory}' cannot be resumed from: it {how}. Looked for: '{CheckpointFileNames.Manifest}' of a FedJob checkpoint, "
        + "'breakpoint_NNNN.json' of a Fed-BioMed breakpoint.");
}

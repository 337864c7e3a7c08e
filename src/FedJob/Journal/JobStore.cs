using FedJob.Abstractions;

namespace FedJob.Journal;

/// <summary>Looks into the directories of jobs from outside, e.g. from another process that watches a running job.</summary>
public static class JobStore
{
    /// <summary>Whether a directory holds the journal of a job.</summary>
    /// <param name="directory">The directory; it need not exist.</param>
    /// <returns>Whether it does.</returns>
    public static bool HasJob(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        return JournalReader.IsIn(directory);
    }

    /// <summary>Reads what a job's journal says now. The job is not disturbed; nothing is changed.</summary>
    /// <param name="directory">The job's directory.</param>
    /// <returns>The job's status.</returns>
    /// <exception cref="JournalException">The directory holds no journal, or one that is damaged, foreign or of another version.</exception>
    public static JobStatus ReadStatus(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        string full = Path.GetFullPath(directory);
        if (!JournalReader.IsIn(full))
        {
            throw new JournalException(
                FedJobErrorCode.JournalInvalid,
                full,
                $"'{full}' holds no journal of a job ('{JournalWriter.FileName}'). Give the directory of a job, JobOptions.WorkDirectory.");
        }

        JournalledJob job = JournalReader.Read(full);
        return new JobStatus
        {
            JobId = job.Job.Document.JobId,
            TrainingPlanName = job.Job.Document.TrainingPlanClass,
            Round = job.Job.Document.Round,
            ParametersPath = Path.Combine(full, JournalEntries.Bare(job.Job.Document.ParametersName)),
            IsRunning = DirectoryLease.IsHeld(full),
            OpenRound = job.Open is { } open
                ? new OpenRoundStatus
                {
                    Round = open.Round,
                    Training = open.Training,
                    Elapsed = open.Elapsed,
                    Awaited = [.. open.Participants.Except(open.Replies.Select(r => r.Ticket.NodeId), StringComparer.Ordinal).Order(StringComparer.Ordinal)],
                    Verdicts = [.. open.Replies.Select(r => r.Verdict).OfType<Rounds.NodeVerdict>().OrderBy(v => v.NodeId, StringComparer.Ordinal)],
                }
                : null,
        };
    }
}

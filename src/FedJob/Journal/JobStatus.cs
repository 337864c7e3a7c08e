namespace FedJob.Journal;

/// <summary>What a job's journal says at one moment.</summary>
public sealed record JobStatus
{
    /// <summary>The job's id.</summary>
    public required string JobId { get; init; }

    /// <summary>The full type name of its plan.</summary>
    public required string TrainingPlanName { get; init; }

    /// <summary>The next round, counted from 0: how many training rounds are committed.</summary>
    public required int Round { get; init; }

    /// <summary>The file with the current global parameters.</summary>
    public required string ParametersPath { get; init; }

    /// <summary>Whether a process has the job open.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>The round that is begun and not committed; <see langword="null"/> between rounds.</summary>
    public OpenRoundStatus? OpenRound { get; init; }
}

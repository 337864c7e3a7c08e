namespace FedJob.Rounds;

/// <summary>How a round that succeeded went.</summary>
public enum RoundOutcome
{
    /// <summary>Every participant's update was used.</summary>
    Completed,

    /// <summary>The round had its minimum of replies, but not every participant's update.</summary>
    Degraded,
}

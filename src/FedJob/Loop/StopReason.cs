namespace FedJob.Loop;

/// <summary>Why a run ended before its number of rounds.</summary>
public enum StopReason
{
    /// <summary>The metric reached <see cref="EarlyStopping.Target"/>.</summary>
    TargetReached,

    /// <summary>The metric has not become better for <see cref="EarlyStopping.Patience"/> rounds.</summary>
    PatienceOver,
}

namespace FedJob.Testing.Faults;

/// <summary>Where <see cref="CrashPoints"/> ends its process.</summary>
public sealed class CrashPointsOptions
{
    /// <summary>The event at which the process ends, from 1, among those that count. Default: <see langword="null"/>, they are only counted.</summary>
    public int? CrashAt { get; set; }

    /// <summary>
    /// The ids of the events that count. The order of all events is another in every run, as threads take turns; that of one id is nearly the same. Default:
    /// none named, all count.
    /// </summary>
    public ISet<int> EventIds { get; init; } = new HashSet<int>();
}

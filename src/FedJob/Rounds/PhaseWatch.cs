namespace FedJob.Rounds;

/// <summary>Splits the time of a round into phases that follow each other.</summary>
internal sealed class PhaseWatch(TimeProvider timeProvider)
{
    private readonly long _began = timeProvider.GetTimestamp();
    private long _last = timeProvider.GetTimestamp();

    public TimeSpan Total => timeProvider.GetElapsedTime(_began);

    /// <summary>The time since the last phase ended.</summary>
    public TimeSpan Next()
    {
        long now = timeProvider.GetTimestamp();
        TimeSpan phase = timeProvider.GetElapsedTime(_last, now);
        _last = now;
        return phase;
    }
}

namespace FedJob.Protocol.Messages;

/// <summary>How long a training took at the node; <c>timing</c>. Kept in seconds, exactly as on the wire.</summary>
public sealed record TrainTiming
{
    /// <summary>Makes a timing.</summary>
    /// <param name="elapsed">By the wall clock; not negative.</param>
    /// <param name="processor">By the processor's clock; not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is negative or above three years.</exception>
    public TrainTiming(TimeSpan elapsed, TimeSpan processor)
        : this(elapsed.TotalSeconds, processor.TotalSeconds)
    {
    }

    private TrainTiming(double elapsedSeconds, double processorSeconds)
    {
        ElapsedSeconds = Check(elapsedSeconds, nameof(elapsedSeconds));
        ProcessorSeconds = Check(processorSeconds, nameof(processorSeconds));
    }

    /// <summary>By the wall clock; <c>rtime_training</c>.</summary>
    public TimeSpan Elapsed => TimeSpan.FromSeconds(ElapsedSeconds);

    /// <summary>By the processor's clock; <c>ptime_training</c>.</summary>
    public TimeSpan Processor => TimeSpan.FromSeconds(ProcessorSeconds);

    /// <summary><see cref="Elapsed"/> in seconds, with all digits of the wire.</summary>
    public double ElapsedSeconds { get; }

    /// <summary><see cref="Processor"/> in seconds, with all digits of the wire.</summary>
    public double ProcessorSeconds { get; }

    /// <summary>Makes a timing of seconds.</summary>
    /// <param name="elapsed">By the wall clock, in seconds; not negative.</param>
    /// <param name="processor">By the processor's clock, in seconds; not negative.</param>
    /// <returns>The timing.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One is negative, no number or above three years.</exception>
    public static TrainTiming FromSeconds(double elapsed, double processor) => new(elapsed, processor);

    private static double Check(double seconds, string name) => seconds is >= 0 and <= MessageLimits.MaximumTrainingSeconds
        ? seconds
        : throw new ArgumentOutOfRangeException(name, seconds, $"A training takes 0 to {MessageLimits.MaximumTrainingSeconds} s.");
}

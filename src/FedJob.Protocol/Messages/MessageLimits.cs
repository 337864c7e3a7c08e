namespace FedJob.Protocol.Messages;

/// <summary>How large messages and the values in them may be. They hold for what is read and for what is written.</summary>
public static class MessageLimits
{
    /// <summary>
    /// The most bytes of a message that is written: heavy things travel through the repository. What arrives is limited by the link.
    /// </summary>
    public const int MaximumBytes = 1024 * 1024;

    /// <summary>The deepest nesting of objects and arrays, the message itself included.</summary>
    public const int MaximumDepth = 32;

    /// <summary>The most fields of one object.</summary>
    public const int MaximumProperties = 1024;

    /// <summary>The most values in a message, nested ones included.</summary>
    public const int MaximumValues = 100_000;

    /// <summary>The most samples a node may claim.</summary>
    public const long MaximumSampleCount = 1_000_000_000_000;

    /// <summary>The longest training, in seconds; a little more than three years.</summary>
    public const double MaximumTrainingSeconds = 1e8;

    /// <summary>The greatest absolute value of a metric. A loss that diverges in 32-bit numbers stays below.</summary>
    public const double MaximumMetric = 1e100;
}

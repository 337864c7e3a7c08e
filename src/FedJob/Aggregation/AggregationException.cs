using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>A rule cannot combine the updates of a round.</summary>
public sealed class AggregationException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">What the rule needs, what it got, and what to do next.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public AggregationException(string message, Exception? innerException = null)
        : base(FedJobErrorCode.AggregationFailed, message, innerException)
    {
    }
}

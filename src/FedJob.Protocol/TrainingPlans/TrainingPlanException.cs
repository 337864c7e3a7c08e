using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>A training plan could not be found, bundled, loaded, constructed or run.</summary>
public sealed class TrainingPlanException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="message">What was tried, with what value, and what to do next.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public TrainingPlanException(FedJobErrorCode code, string message, Exception? innerException = null)
        : base(code, message, innerException)
    {
    }

    /// <summary>The assembly concerned, if one is.</summary>
    public string? Assembly { get; init; }

    /// <summary>The type concerned, if one is.</summary>
    public string? TypeName { get; init; }
}

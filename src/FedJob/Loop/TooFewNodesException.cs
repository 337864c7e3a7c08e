using FedJob.Abstractions;

namespace FedJob.Loop;

/// <summary>Fewer nodes of the job were there than the run needs when its wait for them was over. No round was begun.</summary>
public sealed class TooFewNodesException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">How many were needed, who was there, how long was waited, and what to do next.</param>
    /// <param name="needed">How many nodes were needed.</param>
    /// <param name="available">The nodes that were there.</param>
    /// <param name="innerException">Why nodes could not be asked, if they could not.</param>
    public TooFewNodesException(string message, int needed, IReadOnlyList<string> available, Exception? innerException = null)
        : base(FedJobErrorCode.TooFewNodes, message, innerException) => (Needed, Available) = (needed, available);

    /// <summary>How many nodes were needed.</summary>
    public int Needed { get; }

    /// <summary>The nodes that were there and hold the job's dataset, in ordinal order.</summary>
    public IReadOnlyList<string> Available { get; }
}

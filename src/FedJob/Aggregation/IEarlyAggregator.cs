namespace FedJob.Aggregation;

/// <summary>
/// A rule that needs to know only nodes and sample counts to begin: its first updates may be combined while others are still being downloaded. Rules that look at
/// the updates before they combine them, as robust rules do, are not among them.
/// </summary>
public interface IEarlyAggregator : IAggregator
{
    /// <summary>
    /// Begins before the updates are there. It may be called and come to nothing, when another update fails after all; <see cref="IAggregator.BeginRound"/> is
    /// called in any case, and must return an <see cref="IRunningAggregation"/> of the same bits for the same nodes and counts.
    /// </summary>
    /// <param name="updates">What every node has replied, in ordinal order of the nodes.</param>
    /// <returns>The combination.</returns>
    IRunningAggregation BeginEarly(IReadOnlyList<ExpectedUpdate> updates);
}

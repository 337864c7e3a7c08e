namespace FedJob.Node.Execution;

/// <summary>What became of the load context of a training plan after its run.</summary>
/// <param name="typeName">The full name of the plan's type.</param>
/// <param name="jobId">The job.</param>
/// <param name="round">The round, counted from 0.</param>
/// <param name="isUnloaded">Whether the context is gone from memory.</param>
/// <param name="elapsed">How long after the run that was seen.</param>
public sealed class PlanUnloadedEventArgs(string typeName, string jobId, int round, bool isUnloaded, TimeSpan elapsed) : EventArgs
{
    /// <summary>The full name of the plan's type.</summary>
    public string TypeName { get; } = typeName;

    /// <summary>The job.</summary>
    public string JobId { get; } = jobId;

    /// <summary>The round, counted from 0.</summary>
    public int Round { get; } = round;

    /// <summary>
    /// Whether the context is gone from memory; false when it was still there after ten collections, so something of the plan's holds it.
    /// </summary>
    public bool IsUnloaded { get; } = isUnloaded;

    /// <summary>How long after the run that was seen.</summary>
    public TimeSpan Elapsed { get; } = elapsed;
}

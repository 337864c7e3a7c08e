namespace FedJob.Aggregation;

/// <summary>
/// The floating-point buffers of batch normalisation by PyTorch's names. They are statistics, not learnt by descent: a server step could make a variance
/// negative, so under every rule that takes one they get the weighted mean of the updates.
/// </summary>
internal static class RunningStatistics
{
    public static bool Contains(string tensor) =>
        tensor.EndsWith("running_mean", StringComparison.Ordinal) || tensor.EndsWith("running_var", StringComparison.Ordinal);
}

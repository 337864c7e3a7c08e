using System.Numerics;
using System.Numerics.Tensors;

namespace FedJob.Aggregation;

/// <summary>Refuses what a rule made of sound updates when it is NaN or infinite: it must not become the global model.</summary>
internal static class FiniteResult
{
    /// <summary>Checks one block of a result.</summary>
    public static void Check<T>(string rule, string tensor, long start, ReadOnlySpan<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        // The largest magnitude is infinite or NaN exactly when some element is.
        if (T.IsFinite(TensorPrimitives.MaxMagnitude(block)))
        {
            return;
        }

        int at = 0;
        while (T.IsFinite(block[at]))
        {
            at++;
        }

        throw new AggregationException(
            $"{rule} made {(T.IsNaN(block[at]) ? "NaN" : "infinity")} of finite updates, in tensor '{tensor}' at element {start + at}. The job keeps its parameters; "
            + "lower the learning rates of server or nodes, or look at the updates of this round.");
    }
}

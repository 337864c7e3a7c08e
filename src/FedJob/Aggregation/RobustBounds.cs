namespace FedJob.Aggregation;

/// <summary>The bounds that robust rules put on the numbers of nodes and of hostile nodes, refused in the same words.</summary>
internal static class RobustBounds
{
    /// <summary>Refuses a number of hostile nodes below 0, or so large that no round could have nodes enough.</summary>
    public static int CheckByzantine(int byzantine, string rule)
    {
        if (byzantine is < 0 or > 100_000_000)
        {
            throw new ArgumentOutOfRangeException(
                nameof(byzantine), byzantine, $"{rule}'s number f of Byzantine nodes must lie between 0 and 100,000,000.");
        }

        return byzantine;
    }

    /// <summary>Refuses a round whose number of nodes breaks a bound.</summary>
    /// <exception cref="AggregationException">The bound does not hold.</exception>
    public static void Require(bool holds, string bound, int nodes)
    {
        if (!holds)
        {
            throw new AggregationException(
                $"{bound}; there are {nodes}. Let more nodes take part, ask the rule to withstand fewer hostile ones, or use CoordinateWiseMedian or GeometricMedian, "
                + "which work with any number.");
        }
    }
}

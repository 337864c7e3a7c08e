namespace FedJob.Protocol.Parameters;

/// <summary>
/// Counts the memory a tree of values takes before it is taken, and refuses what would need more than ten times the input: only a peer that
/// wants to exhaust memory sends hundreds of thousands of tiny lists.
/// </summary>
internal struct AllocationBudget(long inputLength)
{
    private const int Factor = 10;
    private const int Floor = 1 << 17;

    private long _remaining = Floor + (Factor * inputLength);

    /// <summary>Takes from the budget.</summary>
    /// <param name="bytes">What is about to be allocated.</param>
    /// <returns>Whether there was enough left.</returns>
    public bool TryTake(long bytes)
    {
        _remaining -= bytes;
        return _remaining >= 0;
    }
}

namespace FedJob.Benchmarks.Rounds;

/// <summary>
/// What this machine can do, taken in the same run: plain HTTP with the same server, one file at a time and nothing done with its bytes; copies in memory on
/// one thread; plain file writing. Bytes per second, the median of several.
/// </summary>
internal sealed record Limits(double Get, double Post, double Copy, double FileWrite)
{
    /// <summary>The least seconds that moving and adding a round's bytes takes.</summary>
    public double Floor(RoundSample round) => (round.BytesDown / Get) + (round.BytesUp / Post) + (round.BytesDown / Copy);
}

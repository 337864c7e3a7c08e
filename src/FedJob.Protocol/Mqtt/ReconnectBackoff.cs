namespace FedJob.Protocol.Mqtt;

/// <summary>
/// The pauses between attempts to reconnect: doubling from the first to the longest, each cut by chance to between half and the whole.
/// </summary>
/// <param name="first">The first pause before chance.</param>
/// <param name="longest">The longest pause, chance included.</param>
/// <param name="random">Chance: different for each link, so that they do not come back in step.</param>
internal sealed class ReconnectBackoff(TimeSpan first, TimeSpan longest, Random random)
{
    private int _doublings;

    /// <summary>The pause before the next attempt.</summary>
    public TimeSpan Next()
    {
        var whole = first * Math.Pow(2, _doublings);
        if (whole < longest)
        {
            _doublings++;
        }
        else
        {
            whole = longest;
        }

        return whole * (0.5 + (random.NextDouble() / 2));
    }

    /// <summary>Starts again at the first pause, after a connection that held.</summary>
    public void Reset() => _doublings = 0;
}

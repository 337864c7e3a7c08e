using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

/// <summary>What became of simulated rounds.</summary>
internal sealed class SimulatedRounds
{
    public int Completed { get; private set; }

    public int Degraded { get; private set; }

    public int Failed { get; private set; }

    public TimeSpan Longest { get; private set; }

    public void Add((RoundOutcome? Outcome, TimeSpan Time) round)
    {
        Completed += round.Outcome == RoundOutcome.Completed ? 1 : 0;
        Degraded += round.Outcome == RoundOutcome.Degraded ? 1 : 0;
        Failed += round.Outcome is null ? 1 : 0;
        Longest = round.Time > Longest ? round.Time : Longest;
    }
}

using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

/// <summary>Random drop-outs, round after round: how often the goal is reached, and that no round goes on for ever.</summary>
[Trait("fault", "16")]
public sealed class DropOutSimulationTests
{
    private const int Rounds = 1000;

    [Fact]
    public async Task RunAsync_TenPercentDropOutAndOverSelection_ReachesAGoalOf100Of130()
    {
        using var simulation = new RoundSimulation(nodes: 200, sampled: 100);

        SimulatedRounds seen = await simulation.RunAsync(Rounds, dropOut: 0.1, RoundSimulation.Policy with { OverSelection = 0.3 });

        TestContext.Current.TestOutputHelper?.WriteLine($"goal 100 of 130: {seen.Completed} of {Rounds} rounds, longest {seen.Longest}");
        Assert.InRange(seen.Completed, 0.999 * Rounds, Rounds);
        Assert.InRange(seen.Longest, TimeSpan.Zero, RoundSimulation.Policy.Deadline);
    }

    [Fact]
    public async Task RunAsync_TenPercentDropOutAndReplacement_ReachesAGoalOf10Of13()
    {
        using var simulation = new RoundSimulation(nodes: 40, sampled: 10);

        SimulatedRounds seen = await simulation.RunAsync(
            Rounds, dropOut: 0.1, RoundSimulation.Policy with { OverSelection = 0.3, ReplaceLostNodes = true });

        TestContext.Current.TestOutputHelper?.WriteLine($"goal 10 of 13, replacing: {seen.Completed} of {Rounds} rounds, longest {seen.Longest}");
        Assert.InRange(seen.Completed, 0.999 * Rounds, Rounds);
        Assert.InRange(seen.Longest, TimeSpan.Zero, RoundSimulation.Policy.Deadline);
    }

    [Theory]
    [InlineData(0.33, 100, 0)]
    [InlineData(0.9, 0, 100)]
    public async Task RunAsync_ManyDropOuts_QuorumOrTypedFailureWithinTheDeadline(double dropOut, int atLeastMet, int atLeastFailed)
    {
        const int rounds = 100;
        using var simulation = new RoundSimulation(nodes: 40, sampled: 40);

        SimulatedRounds seen = await simulation.RunAsync(
            rounds, dropOut, RoundSimulation.Policy with { MinimumReplies = Quorum.Fraction(0.4), Grace = TimeSpan.FromMinutes(1) });

        Assert.Equal(rounds, seen.Completed + seen.Degraded + seen.Failed);
        Assert.InRange(seen.Completed + seen.Degraded, atLeastMet - 2, rounds);
        Assert.InRange(seen.Failed, atLeastFailed - 2, rounds);
        Assert.InRange(seen.Longest, TimeSpan.Zero, RoundSimulation.Policy.Deadline);
    }

    [Theory]
    [InlineData(0.33)]
    [InlineData(0.9)]
    public async Task RunAsync_ManyDropOutsAndReplacement_BoundedByTheNodesOfTheJob(double dropOut)
    {
        const int rounds = 100;
        using var simulation = new RoundSimulation(nodes: 40, sampled: 10);

        SimulatedRounds seen = await simulation.RunAsync(rounds, dropOut, RoundSimulation.Policy with { ReplaceLostNodes = true });

        Assert.Equal(rounds, seen.Completed + seen.Failed);
        Assert.InRange(seen.Completed, dropOut < 0.5 ? rounds : 0, rounds);
        Assert.InRange(seen.Longest, TimeSpan.Zero, RoundSimulation.Policy.Deadline);
    }
}

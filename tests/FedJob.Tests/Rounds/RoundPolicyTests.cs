using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

public sealed class RoundPolicyTests
{
    public static TheoryData<RoundPolicy, string[]> Broken => new()
    {
        { new RoundPolicy { Deadline = TimeSpan.Zero }, ["Deadline is 00:00:00", "45 days"] },
        { new RoundPolicy { Deadline = TimeSpan.FromDays(46) }, ["Deadline is 46.00:00:00", "45 days"] },
        { new RoundPolicy { Deadline = TimeSpan.FromMinutes(1), Grace = TimeSpan.FromMinutes(2) }, ["Grace is 00:02:00", "Deadline 00:01:00"] },
        { new RoundPolicy { Grace = TimeSpan.FromSeconds(-1) }, ["Grace is -00:00:01", "Deadline 1.00:00:00"] },
        { new RoundPolicy { PingInterval = TimeSpan.Zero }, ["PingInterval is 00:00:00", "1 day"] },
        { new RoundPolicy { PingInterval = TimeSpan.FromDays(2) }, ["PingInterval is 2.00:00:00", "1 day"] },
        { new RoundPolicy { Patience = 0 }, ["Patience is 0", "1 to 1,000"] },
        { new RoundPolicy { Patience = 1001 }, ["Patience is 1001", "1 to 1,000"] },
        { new RoundPolicy { DownloadParallelism = 0 }, ["DownloadParallelism is 0", "1 to 64"] },
        { new RoundPolicy { DownloadParallelism = 65 }, ["DownloadParallelism is 65", "1 to 64"] },
        { new RoundPolicy { DownloadGrace = TimeSpan.FromSeconds(-1) }, ["DownloadGrace is -00:00:01", "0 to 45 days"] },
        { new RoundPolicy { OverSelection = -0.1 }, ["OverSelection is -0.1", "0 to 10"] },
        { new RoundPolicy { OverSelection = double.NaN }, ["OverSelection is NaN", "0 to 10"] },
        { new RoundPolicy { OverSelection = 10.5 }, ["OverSelection is 10.5", "0 to 10"] },
        { new RoundPolicy { Retries = -1 }, ["Retries is -1", "0 to 100"] },
        { new RoundPolicy { Retries = 101 }, ["Retries is 101", "0 to 100"] },
        { new RoundPolicy { Deadline = TimeSpan.FromMinutes(1), ReturnGrace = TimeSpan.FromMinutes(2) }, ["ReturnGrace is 00:02:00", "Deadline 00:01:00"] },
        { new RoundPolicy { ReturnGrace = TimeSpan.FromSeconds(-1) }, ["ReturnGrace is -00:00:01", "Deadline 1.00:00:00"] },
        { new RoundPolicy { TransferIdleTimeout = TimeSpan.Zero }, ["TransferIdleTimeout is 00:00:00", "1 day"] },
        { new RoundPolicy { MinimumReplies = Quorum.Count(4) }, ["MinimumReplies is 4", "only 3"] },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Validate_BrokenRule_NamesTheValueAndWhatIsAllowed(RoundPolicy policy, string[] expected)
    {
        ArgumentException broken = Assert.Throws<ArgumentException>(() => policy.Validate(3));

        Assert.All(expected, e => Assert.Contains(e, broken.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_DefaultsAndBounds_AreFine()
    {
        new RoundPolicy().Validate(1);
        new RoundPolicy
        {
            Deadline = TimeSpan.FromDays(45),
            Grace = TimeSpan.FromDays(45),
            PingInterval = TimeSpan.FromDays(1),
            Patience = 1000,
            DownloadParallelism = 64,
            DownloadGrace = TimeSpan.FromDays(45),
            MinimumReplies = Quorum.Count(3),
        }.Validate(3);
    }
}

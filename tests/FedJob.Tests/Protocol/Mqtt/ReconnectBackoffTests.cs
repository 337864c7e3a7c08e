using CsCheck;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class ReconnectBackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    [Fact]
    public void Next_AnySeed_DoublesToTheLongestWithinHalfAndWhole() =>
        Gen.Int.Sample(seed =>
        {
            var backoff = new ReconnectBackoff(First, Longest, new Random(seed));
            double[] wholes = [0.5, 1, 2, 3, 3, 3, 3, 3];
            return wholes.All(whole => backoff.Next().TotalSeconds is var pause && pause >= whole / 2 && pause <= whole);
        });

    [Fact]
    public void Next_ManyTimes_StaysAtTheLongest()
    {
        var backoff = new ReconnectBackoff(First, Longest, new Random(1));
        for (var i = 0; i < 5000; i++)
        {
            Assert.InRange(backoff.Next(), TimeSpan.Zero, Longest);
        }

        Assert.InRange(backoff.Next(), Longest / 2, Longest);
    }

    [Fact]
    public void Next_SameSeed_SamePauses()
    {
        var one = new ReconnectBackoff(First, Longest, new Random(7));
        var other = new ReconnectBackoff(First, Longest, new Random(7));

        Assert.Equal(Enumerable.Range(0, 10).Select(_ => one.Next()), Enumerable.Range(0, 10).Select(_ => other.Next()));
    }

    [Fact]
    public void Reset_AfterLongPauses_StartsAtTheFirst()
    {
        var backoff = new ReconnectBackoff(First, Longest, new Random(1));
        for (var i = 0; i < 5; i++)
        {
            backoff.Next();
        }

        backoff.Reset();

        Assert.InRange(backoff.Next(), First / 2, First);
    }
}

using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

public sealed class QuorumTests
{
    [Theory]
    [InlineData(0.5, 3, 2)]
    [InlineData(0.5, 4, 2)]
    [InlineData(0.1, 3, 1)]
    [InlineData(1.0, 7, 7)]
    [InlineData(0.7, 10, 7)]
    [InlineData(0.000001, 5, 1)]
    public void Of_Fraction_IsRoundedUpAndAtLeastOne(double fraction, int participants, int expected) =>
        Assert.Equal(expected, Quorum.Fraction(fraction).Of(participants));

    [Fact]
    public void Of_AllAndCount_AreAsAsked()
    {
        Assert.Equal(5, Quorum.All.Of(5));
        Assert.Equal(5, default(Quorum).Of(5));
        Assert.Equal(3, Quorum.Count(3).Of(2));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Fraction_OutsideItsRange_IsRefused(double fraction) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Quorum.Fraction(fraction));

    [Fact]
    public void Count_BelowOne_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => Quorum.Count(0));

    [Fact]
    public void ToString_EachKind_IsReadable() =>
        Assert.Equal(["all", "3", "0.5"], new[] { Quorum.All, Quorum.Count(3), Quorum.Fraction(0.5) }.Select(q => q.ToString()));
}

using FedJob.Node.Execution;

namespace FedJob.Tests.Node.Execution;

public sealed class WireTextTests
{
    [Fact]
    public void Clean_PathOfTheNode_IsTakenOut()
    {
        Assert.Equal(
            "Could not find '(path at the node)/x.csv'.", WireText.Clean("Could not find '/data/patients/x.csv'.", "/data/patients", null));
    }

    [Fact]
    public void Clean_HalfSurrogate_IsReplaced()
    {
        Assert.Equal("a\uFFFDb", WireText.Clean("a\uD83Db"));
    }

    [Fact]
    public void Clean_LongText_IsCutBetweenCharacters()
    {
        string clean = WireText.Clean("a" + string.Concat(Enumerable.Repeat("😀", 2000)));

        Assert.Equal(1999, clean.Length);
        Assert.False(char.IsHighSurrogate(clean[^1]));
    }
}

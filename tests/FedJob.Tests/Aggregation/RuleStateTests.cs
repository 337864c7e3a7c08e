using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Aggregation;

/// <summary>What rules remember: saved, taken up in another instance, taken back, and refused where it is another's.</summary>
public sealed class RuleStateTests
{
    private static readonly Dictionary<string, Func<IAggregator>> Rules = new(StringComparer.Ordinal)
    {
        ["FedAvgM"] = () => new FedAvgM(),
        ["FedAdam"] = () => new FedAdam { BiasCorrection = true },
        ["FedYogi"] = () => new FedYogi(),
        ["FedAdagrad"] = () => new FedAdagrad { Beta1 = 0.5 },
        ["Scaffold"] = () => new Scaffold(),
        ["Scaffold, by samples"] = () => new Scaffold { Weighting = NodeWeighting.SampleCount },
    };

    public static TheoryData<string> Names => [.. Rules.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task RestoreState_OfAFileInAnotherInstance_GoesOnBitForBit(string name)
    {
        IAggregator rule = Rules[name](), other = Rules[name]();
        Run(rule, 3);
        string path = Path.Combine(Path.GetTempPath(), $"rule_{Guid.NewGuid():N}.mpk");
        try
        {
            await ParameterFileWriter.WriteAsync(path, rule.SaveState(), TestContext.Current.CancellationToken);
            using (ParameterFile file = ParameterFileReader.Open(path))
            {
                other.RestoreState((ParameterMap)file.Value);
            }

            Assert.Equal(Run(rule, 2), Run(other, 2));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void RestoreState_AfterARoundThatFailed_ForgetsIt(string name)
    {
        IAggregator rule = Rules[name](), undisturbed = Rules[name]();
        Run(rule, 2);
        Run(undisturbed, 2);

        ParameterMap before = rule.SaveState();
        Run(rule, 1, scale: 50);
        rule.RestoreState(before);

        Assert.Equal(Run(undisturbed, 2), Run(rule, 2));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void RestoreState_Empty_IsThatOfANewRule(string name)
    {
        IAggregator rule = Rules[name]();
        Assert.Equal(0, rule.SaveState().Count);
        Run(rule, 2);

        rule.RestoreState(ParameterMap.Empty);

        Assert.Equal(Run(Rules[name](), 2), Run(rule, 2));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void RestoreState_StateOfAnotherRule_IsRefused(string name)
    {
        IAggregator rule = Rules[name]();
        var alien = ParameterMap.Create([new("rounds", new ParameterInteger(3))]);
        IAggregator another = name.StartsWith("Scaffold", StringComparison.Ordinal) ? new FedAvgM() : new Scaffold();
        Run(another, 1);

        Assert.Throws<AggregationException>(() => rule.RestoreState(alien));
        Assert.Throws<AggregationException>(() => rule.RestoreState(another.SaveState()));
        Assert.Equal(Run(Rules[name](), 1), Run(rule, 1));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void BeginRound_AnotherModelThanRemembered_IsRefusedNamingTheTensor(string name)
    {
        IAggregator rule = Rules[name]();
        Run(rule, 1);
        double[] longer = [1, 2, 3, 4];

        AggregationException refused = Assert.Throws<AggregationException>(() => Rule.Combine(rule, longer, Update("a", longer)));

        Assert.Contains("'w'", refused.Message, StringComparison.Ordinal);
    }

    private static double[] Run(IAggregator rule, int rounds, double scale = 1)
    {
        double[] w = [1, -2, 0.5];
        for (int round = 0; round < rounds; round++)
        {
            w = Rule.Combine(rule, w, Update("a", [.. w.Select(x => (x * 0.5) + scale)]), Update("b", [.. w.Select(x => (x * 0.25) - (2 * scale))]));
        }

        return w;
    }

    private static NodeUpdate Update(string node, double[] w) =>
        Rule.Update(node, node == "a" ? 3 : 5, w) with { TrainingArgs = new() { UpdateCount = 4, LearningRate = 0.1 } };
}

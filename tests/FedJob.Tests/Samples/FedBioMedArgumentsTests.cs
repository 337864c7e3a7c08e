using FedBioMed;
using FedJob.Aggregation;

namespace FedJob.Tests.Samples;

public sealed class FedBioMedArgumentsTests
{
    private static readonly string[] Required =
    [
        "--broker", "broker.example:1883", "--repository", "http://repository.example:8844/", "--tags", "a,b", "--plan", "plan.py", "--class", "Plan",
        "--initial", "initial.mpk", "--rounds", "3", "--training-args", "args.json", "--out", "final.mpk",
    ];

    [Fact]
    public void Parse_RequiredOnly_HasDefaultsElsewhere()
    {
        var arguments = Arguments.Parse(Required);

        Assert.Equal(("broker.example", 1883), (arguments.BrokerHost, arguments.BrokerPort));
        Assert.Equal("http://repository.example:8844/", arguments.Repository.AbsoluteUri);
        Assert.Equal(["a", "b"], arguments.Tags);
        Assert.Equal(3, arguments.Rounds);
        Assert.Null(arguments.Nodes);
        Assert.Null(arguments.Deadline);
        Assert.Null(arguments.MinimumReplies);
        Assert.Null(arguments.WorkDirectory);
        Assert.False(arguments.ValidateLast);
    }

    [Fact]
    public void Parse_EverythingElse_IsRead()
    {
        var arguments = Arguments.Parse(
            [.. Required, "--nodes=n1,n2", "--deadline", "0.5", "--min-replies", "2", "--validate-last", "--work", "w", "--model-args", "m.json", "--json", "--aggregator", "fedavg"]);

        Assert.Equal(["n1", "n2"], arguments.Nodes);
        Assert.Equal(TimeSpan.FromSeconds(0.5), arguments.Deadline);
        Assert.Equal(2, arguments.MinimumReplies);
        Assert.True(arguments.ValidateLast);
        Assert.Equal("w", arguments.WorkDirectory);
        Assert.Equal("m.json", arguments.ModelArgsFile);
    }

    [Fact]
    public void Parse_BracketedAddress_IsTheAddressWithoutThem()
    {
        var arguments = Arguments.Parse(With("--broker", "[::1]:1883"));

        Assert.Equal(("::1", 1883), (arguments.BrokerHost, arguments.BrokerPort));
    }

    [Theory]
    [InlineData("--broker", "broker.example")]
    [InlineData("--broker", "broker.example:0")]
    [InlineData("--broker", "broker.example:99999")]
    [InlineData("--broker", "mqtt://broker.example:1883")]
    [InlineData("--broker", "user@broker.example:1883")]
    [InlineData("--repository", "repository.example")]
    [InlineData("--repository", "ftp://repository.example/")]
    [InlineData("--tags", "a,,b")]
    [InlineData("--nodes", "n 1")]
    [InlineData("--class", "my-plan")]
    [InlineData("--class", "1Plan")]
    [InlineData("--rounds", "0")]
    [InlineData("--rounds", "-1")]
    [InlineData("--rounds", "1.0")]
    [InlineData("--rounds", "three")]
    [InlineData("--min-replies", "0")]
    [InlineData("--deadline", "0")]
    [InlineData("--deadline", "NaN")]
    [InlineData("--deadline", "1e9")]
    [InlineData("--aggregator", "krum")]
    [InlineData("--server-lr", "fast")]
    public void Parse_WrongValue_NamesOptionAndValue(string option, string value)
    {
        var wrong = Assert.Throws<UsageException>(() => Arguments.Parse(With(option, value)));

        Assert.StartsWith($"{option} is '{value}'; expected ", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--brokr", "did you mean --broker?")]
    [InlineData("--deadlne=3", "did you mean --deadline?")]
    [InlineData("--xyzzyqwertyuiop", "is no option of FedBioMed")]
    [InlineData("stray", "'stray' belongs to no option")]
    [InlineData("--json=yes", "takes no value")]
    [InlineData("--deadline", "--deadline needs a value")]
    [InlineData("--nodes=", "--nodes needs a value")]
    public void Parse_WrongWord_SaysWhatIsWrong(string word, string expected)
    {
        var wrong = Assert.Throws<UsageException>(() => Arguments.Parse([.. Required, word, "--validate-last"]));

        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OptionTwice_IsRefused() =>
        Assert.Contains("--rounds stands twice", Wrong([.. Required, "--rounds", "4"]), StringComparison.Ordinal);

    [Fact]
    public void Parse_NothingRequired_NamesAllThatIsMissing() =>
        Assert.All(Options.All.Where(o => o.Required), o => Assert.Contains(o.Name, Wrong(["--json"]), StringComparison.Ordinal));

    [Fact]
    public void Parse_MoreRepliesThanNodesNamed_PrintsBoth() =>
        Assert.Equal(
            "--min-replies is 3, but --nodes names only 2: lower the one or name more nodes", Wrong([.. Required, "--nodes", "a,b", "--min-replies", "3"]));

    [Fact]
    public void Parse_Resume_WhatTheJobKnowsMayBeLeftOut()
    {
        var arguments = Arguments.Parse(
            ["--broker", "b:1", "--repository", "http://r.example/", "--rounds", "3", "--out", "o.mpk", "--resume", "work"]);

        Assert.Equal("work", arguments.ResumeDirectory);
        Assert.Null(arguments.Tags);
        Assert.Equal("missing: --rounds N, --out FILE.mpk", Wrong(["--broker", "b:1", "--repository", "http://r.example/", "--resume", "work"]));
    }

    [Fact]
    public void Parse_Aggregator_IsTheRuleWithItsRate()
    {
        Assert.IsType<FedAvg>(Arguments.Parse(Required).Rule.Make());
        Scaffold rule = Assert.IsType<Scaffold>(Arguments.Parse([.. Required, "--aggregator", "scaffold", "--server-lr", "0.5"]).Rule.Make());
        Assert.Equal(0.5, rule.LearningRate);
        Assert.Contains("--server-lr belongs to --aggregator scaffold", Wrong([.. Required, "--server-lr", "0.5"]), StringComparison.Ordinal);
    }

    private static string[] With(string option, string value) => Array.IndexOf(Required, option) is >= 0 and var place
        ? [.. Required[..(place + 1)], value, .. Required[(place + 2)..]]
        : [.. Required, option, value];

    private static string Wrong(string[] words) => Assert.Throws<UsageException>(() => Arguments.Parse(words)).Message;
}

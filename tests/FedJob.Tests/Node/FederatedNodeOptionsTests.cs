using FedJob.Node;
using FedJob.Node.Datasets;

namespace FedJob.Tests.Node;

public sealed class FederatedNodeOptionsTests
{
    [Fact]
    public void Validate_Defaults_AskOnlyForDirectoryAndRepository()
    {
        IReadOnlyList<string> messages = new FederatedNodeOptions().Validate();

        Assert.Equal(2, messages.Count);
        Assert.Contains("StateDirectory", messages[0], StringComparison.Ordinal);
        Assert.Contains("Repository", messages[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nodes", "the name of a shared topic")]
    [InlineData("a b", "A-Z a-z 0-9 _ . -")]
    [InlineData("", "A-Z a-z 0-9 _ . -")]
    public void Validate_NodeId_NamesValueAndWhatIsAllowed(string id, string expected)
    {
        string message = Assert.Single(Valid(o => o.NodeId = id).Validate());

        Assert.StartsWith($"FederatedNodeOptions.NodeId is '{id}'", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_Numbers_NameValueAndRange()
    {
        (Action<FederatedNodeOptions> Set, string Expected)[] cases =
        [
            (o => o.MaximumPlanBytes = 0, "FederatedNodeOptions.MaximumPlanBytes is 0: 1 to 2000000000 is allowed."),
            (o => o.TrainQueueCapacity = 10_001, "FederatedNodeOptions.TrainQueueCapacity is 10001: 1 to 10000 is allowed."),
            (o => o.MessageQueueCapacity = -1, "FederatedNodeOptions.MessageQueueCapacity is -1: 1 to 100000 is allowed."),
            (o => o.FinishedRepliesKept = 0, "FederatedNodeOptions.FinishedRepliesKept is 0: 1 to 100000 is allowed."),
            (o => o.StatesKeptPerJob = 1, "FederatedNodeOptions.StatesKeptPerJob is 1: 2 to 1000 is allowed."),
            (o => o.JobsKept = 0, "FederatedNodeOptions.JobsKept is 0: 1 to 100000 is allowed."),
            (o => o.PlansKept = 0, "FederatedNodeOptions.PlansKept is 0: 1 to 1000 is allowed."),
            (o => o.StopTimeout = TimeSpan.Zero, "FederatedNodeOptions.StopTimeout is 00:00:00: above 0 and at most 00:05:00 is allowed."),
            (o => o.MaximumTrainingTime = TimeSpan.FromDays(
                31), "FederatedNodeOptions.MaximumTrainingTime is 31.00:00:00: above 0 and at most 30.00:00:00 is allowed."),
        ];
        foreach ((Action<FederatedNodeOptions> set, string expected) in cases)
        {
            Assert.Equal(expected, Assert.Single(Valid(set).Validate()));
        }
    }

    [Fact]
    public void Validate_DatasetWithoutPathAndTags_NamesItsPlace()
    {
        IReadOnlyList<string> messages = Valid(o => o.Datasets.Add(new CsvDatasetOptions())).Validate();

        Assert.Equal(2, messages.Count);
        Assert.All(messages, m => Assert.StartsWith("FederatedNodeOptions.Datasets[0].", m, StringComparison.Ordinal));
    }

    private static FederatedNodeOptions Valid(Action<FederatedNodeOptions> change)
    {
        var options = new FederatedNodeOptions { StateDirectory = "state" };
        options.Repository.Address = new Uri("http://repository.test/");
        change(options);
        return options;
    }
}

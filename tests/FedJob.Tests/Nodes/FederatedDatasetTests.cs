using FedJob.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Nodes;

public sealed class FederatedDatasetTests
{
    [Fact]
    [Trait("seed", "10")]
    public void Constructor_DatasetsInAnyOrder_AreCopiedInOrdinalOrder()
    {
        var given = new Dictionary<string, DatasetEntry>(StringComparer.Ordinal) { ["node_b"] = Entry("2"), ["node_a"] = Entry("1") };

        var data = new FederatedDataset(given);
        given["node_c"] = Entry("3");

        Assert.Equal(["node_a", "node_b"], data.Nodes);
        Assert.Equal(["node_a", "node_b"], data.Datasets.Keys);
        Assert.Equal("1", data.Datasets["node_a"].DatasetId);
    }

    [Fact]
    [Trait("seed", "13")]
    [Trait("input", "15")]
    public void Constructor_NoneOrBadOnes_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new FederatedDataset([]));
        Assert.Throws<ArgumentNullException>(() => new FederatedDataset(null!));
        Assert.Throws<ArgumentException>(() => new FederatedDataset([KeyValuePair.Create("../up", Entry("1"))]));
        Assert.Throws<ArgumentNullException>(() => new FederatedDataset([KeyValuePair.Create("node_a", (DatasetEntry)null!)]));
        Assert.Throws<ArgumentException>(() => new FederatedDataset([KeyValuePair.Create("a", Entry("1")), KeyValuePair.Create("a", Entry("2"))]));
    }

    [Fact]
    public void Only_SomeNodes_KeepsThem()
    {
        FederatedDataset data = Three();

        Assert.Equal(["node_a", "node_c"], data.Only("node_c", "node_a", "node_c").Nodes);
        Assert.Equal(3, data.Nodes.Count);
    }

    [Fact]
    public void Only_UnknownNodeOrNone_IsRefused()
    {
        ArgumentException unknown = Assert.Throws<ArgumentException>(() => Three().Only("node_x"));
        Assert.Contains("'node_x'", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("node_a, node_b, node_c", unknown.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Three().Only());
    }

    [Fact]
    public void Sample_AllNodesSampler_TakesEveryNode()
    {
        var context = new SamplingContext { Round = 4, Data = Three(), Seed = 1 };

        Assert.Equal(["node_a", "node_b", "node_c"], new AllNodesSampler().Sample(context));
    }

    private static FederatedDataset Three() =>
        new([KeyValuePair.Create("node_a", Entry("1")), KeyValuePair.Create("node_b", Entry("2")), KeyValuePair.Create("node_c", Entry("3"))]);

    private static DatasetEntry Entry(string id) => new() { DatasetId = id, Name = "n", DataType = "csv", Tags = ["a"], Description = "d" };
}

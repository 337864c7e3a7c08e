using System.Text;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Messages made to cost as much memory as they can for their size: what is read takes at most ten times the input.</summary>
public sealed class MessageReaderMemoryTests
{
    private const int Allowance = 1 << 18;

    public static TheoryData<string, string> Expensive => new()
    {
        { "tags", Many("\"a\"") },
        { "tags", Many("\"\"") },
        { "tags", Many("\"\\n\"") },
        { "shape", Many("1") },
        { "shape", Many("[]") },
        { "shape", Many("{}") },
        { "dataset_parameters", Many("1") },
        { "dataset_parameters", Many("[]") },
        { "dataset_parameters", Many("{\"a\":1}") },
        { "dtypes", Many("\"a\"") },
        { "other", Many("1") },
        { "other", "{" + string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"{i}\":[{string.Join(',', Enumerable.Repeat("1", 90))}]")) + "}" },
    };

    [Theory]
    [MemberData(nameof(Expensive))]
    [Trait("input", "1")]
    public void TryReadFromNode_ManySmallValues_TakesAtMostTenTimesTheInput(string field, string value)
    {
        var fields = new Dictionary<string, string>
        {
            ["name"] = "\"n\"",
            ["data_type"] = "\"csv\"",
            ["tags"] = "[]",
            ["description"] = "\"\"",
            ["shape"] = "[1]",
            ["dataset_id"] = "\"d\"",
            ["dataset_parameters"] = "null",
            [field] = value,
        };
        string entry = "{" + string.Join(',', fields.Select(f => $"\"{f.Key}\":{f.Value}")) + "}";
        AssertBounded(Found(entry, 1));
    }

    [Fact]
    [Trait("input", "1")]
    public void TryReadFromNode_ManyDatasets_TakesAtMostTenTimesTheInput()
    {
        const string Entry = """{"name":"","data_type":"","tags":[],"description":"","dataset_id":"d"}""";

        AssertBounded(Found(string.Join(',', Enumerable.Repeat(Entry, 15_000)), 15_000));
    }

    [Theory]
    [InlineData("model_args", "{\"a\":@}")]
    [InlineData("aggregator_args", "{\"a\":@}")]
    [Trait("input", "1")]
    public void TryReadFromResearcher_ManySmallValues_TakesAtMostTenTimesTheInput(string field, string form) =>
        AssertBounded(SoundMessages.Spoilt(SoundMessages.Train, field, form.Replace("@", Many("1"), StringComparison.Ordinal)), false);

    private static string Many(string item) => "[" + string.Join(',', Enumerable.Repeat(item, 45_000)) + "]";

    private static byte[] Found(string entries, int count) => Encoding.UTF8.GetBytes(
        $$"""{"protocol_version":"1","researcher_id":"r","node_id":"n","command":"search","success":true,"databases":[{{entries}}],"count":{{count}}}""");

    private static void AssertBounded(byte[] message, bool fromNode = true)
    {
        // What the process sets up or refills its shared buffer pools with is not the message's: the least of a few readings is.
        Read(Found(string.Empty, 0));
        long allocated = Enumerable.Range(0, 5).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Read(message);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.True(allocated <= (10L * message.Length) + Allowance, $"{allocated} bytes, {(double)allocated / message.Length:0.0} times the input");

        void Read(byte[] bytes)
        {
            bool read = fromNode ? MessageReader.TryReadFromNode(bytes, out _, out string? rejection)
                : MessageReader.TryReadFromResearcher(bytes, out _, out rejection);
            Assert.Equal(read, rejection is null);
        }
    }
}

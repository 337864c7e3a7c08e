using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Abstractions;

/// <summary>JSON that is very deep is refused by name, and never exhausts the stack, which would end the process.</summary>
public sealed class JsonArgumentsTests
{
    public static TheoryData<string, Func<JsonObject, TrainingArgs>> Arguments => new()
    {
        { "LoaderArgs", json => new TrainingArgs { LoaderArgs = json } },
        { "OptimizerArgs", json => new TrainingArgs { OptimizerArgs = json } },
        { "TestMetricArgs", json => new TrainingArgs { TestMetricArgs = json } },
    };

    [Theory]
    [MemberData(nameof(Arguments))]
    [Trait("input", "1")]
    public void Init_VeryDeepJson_IsRefusedNamingTheArgument(string name, Func<JsonObject, TrainingArgs> make)
    {
        foreach (int depth in (int[])[513, 10_000, 200_000])
        {
            foreach (bool arrays in (bool[])[false, true])
            {
                var refusal = Assert.Throws<ArgumentException>(() => make(Nested(depth, arrays)));

                Assert.Equal(name, refusal.ParamName);
                Assert.Contains("at most 512 levels", refusal.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Arguments))]
    public void Init_AsDeepAsAllowed_IsTaken(string name, Func<JsonObject, TrainingArgs> make) =>
        Assert.Equal(make(Nested(512, arrays: false)), make(Nested(512, arrays: false)), (a, b) => a.Equals(b) && name.Length > 0);

    [Fact]
    [Trait("input", "1")]
    public void Copy_JobOptionsWithVeryDeepModelArgs_IsRefusedNamingThem()
    {
        var options = new JobOptions { TrainingPlan = null!, Data = null!, TrainingArgs = new(), ModelArgs = Nested(100_000, arrays: true) };

        Assert.Equal("ModelArgs", Assert.Throws<ArgumentException>(options.Copy).ParamName);
    }

    [Theory]
    [InlineData("loader_args")]
    [InlineData("optimizer_args")]
    [InlineData("test_metric_args")]
    [Trait("input", "1")]
    public void Read_VeryDeepJsonText_IsRefusedNamingTheArgument(string name)
    {
        foreach (int depth in (int[])[40, 10_000, 1_000_000])
        {
            byte[] json = System.Text.Encoding.ASCII.GetBytes($"{{\"{name}\":{{\"a\":{new string('[', depth)}{new string(']', depth)}}}}}");

            var refusal = Assert.Throws<MessageFormatException>(() => TrainingArgsJson.Read(json));

            Assert.StartsWith(name, refusal.Field, StringComparison.Ordinal);
            Assert.Contains("32 levels", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Init_ParsedObjectWithANameTwice_IsRefusedWhereItIsWritten()
    {
        var args = new TrainingArgs { LoaderArgs = JsonNode.Parse("""{"a": {"lr": 0.1, "lr": 0.2}}""", null, Lenient)!.AsObject() };

        Assert.StartsWith("loader_args", Assert.Throws<MessageFormatException>(() => TrainingArgsJson.Write(args)).Field, StringComparison.Ordinal);
    }

    private static JsonDocumentOptions Lenient => new() { MaxDepth = 64 };

    /// <summary>Built from inside out: adding a node to a parent looks at its ancestors, which are none then.</summary>
    private static JsonObject Nested(int depth, bool arrays)
    {
        JsonNode node = new JsonObject();
        for (int i = 2; i < depth; i++)
        {
            node = arrays ? new JsonArray(node) : new JsonObject { ["a"] = node };
        }

        return new JsonObject { ["a"] = node };
    }
}

using System.Text;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Each of the seventeen training arguments with a wrong type is refused before anything is sent, by name and with the accepted form.</summary>
public sealed class TrainingArgsRefusalTests
{
    private const string Count = "a whole number from 1 to 2147483647, written without a point";
    private const string Object = "an object";
    private const string Truth = "true or false";

    /// <summary>Name, accepted form, and what has a wrong type or form.</summary>
    private static readonly (string Name, string Accepted, string[] Wrong)[] All =
    [
        ("loader_args", Object, ["null", "[]", "1", "\"batch_size\"", "true"]),
        ("optimizer_args", Object, ["null", "[0.1]", "0.1", "\"lr\""]),
        ("epochs", Count, ["1.0", "\"1\"", "true", "0", "-1", "1e0", "[]", "99999999999"]),
        ("num_updates", Count, ["3.0", "\"3\"", "false", "0", "{}"]),
        ("dry_run", Truth, ["0", "1", "\"true\"", "null"]),
        ("batch_maxnum", Count, ["2.0", "\"2\"", "true", "0"]),
        ("test_ratio", "written with a point", ["0", "1", "\"0.2\"", "null", "true", "1.1", "-0.1", "1e400"]),
        ("test_on_local_updates", Truth, ["0", "\"false\"", "null"]),
        ("test_on_global_updates", Truth, ["1", "\"true\"", "null"]),
        ("test_metric", "one of ACCURACY", ["\"accuracy\"", "\"LOSS\"", "1", "[\"ACCURACY\"]", "true", "\"\""]),
        ("test_metric_args", Object, ["null", "[]", "0"]),
        ("log_interval", Count, ["2.0", "null", "\"2\"", "0", "true"]),
        ("fedprox_mu", "written with a point", ["1", "0", "\"0.1\"", "-0.1", "true"]),
        ("use_gpu", Truth, ["1", "\"yes\"", "null"]),
        ("dp_args", Object, ["1", "[]", "\"local\"", "true"]),
        ("share_persistent_buffers", Truth, ["1", "\"true\"", "null"]),
        ("random_seed", "a whole number from", ["1.0", "\"1\"", "true", "9999999999", "[1]"]),
    ];

    public static TheoryData<string, string, string> Wrong =>
        [.. All.SelectMany(a => a.Wrong.Select(w => new TheoryDataRow<string, string, string>(a.Name, a.Accepted, w)))];

    [Theory]
    [MemberData(nameof(Wrong))]
    [Trait("input", "2")]
    public void Read_ArgumentOfAWrongType_IsRefusedNamingItAndTheAcceptedForm(string name, string accepted, string wrong)
    {
        byte[] json = Encoding.UTF8.GetBytes($"{{\"{name}\": {wrong}}}");

        var refusal = Assert.Throws<MessageFormatException>(() => TrainingArgsJson.Read(json));

        Assert.Equal(name, refusal.Field);
        Assert.Contains($"training_args: field '{name}' must be ", refusal.Message, StringComparison.Ordinal);
        if (wrong is not "1e400") // no number at all: it is refused before its argument is known
        {
            Assert.Contains(accepted, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Wrong_OfEachOfTheSeventeen_IsTried()
    {
        JsonObject written = JsonNode.Parse(TrainingArgsJson.Write(new TrainingArgs()))!.AsObject();

        Assert.Equal(17, All.Length);
        Assert.Equal(written.Select(a => a.Key).Order(StringComparer.Ordinal), All.Select(a => a.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("type", "\"both\"", "one of central, local")]
    [InlineData("type", "null", "one of central, local")]
    [InlineData("sigma", "1", "written with a point")]
    [InlineData("sigma", "\"1.0\"", "written with a point")]
    [InlineData("clip", "0.0", "above 0.0")]
    [InlineData("clip", "null", "written with a point")]
    [InlineData("more", "1", "absent")]
    [Trait("input", "2")]
    public void Read_DifferentialPrivacyOfAWrongType_IsRefusedNamingIt(string name, string wrong, string accepted)
    {
        JsonObject privacy = new() { ["type"] = "local", ["sigma"] = 0.5, ["clip"] = 0.5 };
        privacy[name] = JsonNode.Parse(wrong);

        var refusal = Assert.Throws<MessageFormatException>(
            () => TrainingArgsJson.Read(Encoding.UTF8.GetBytes($"{{\"dp_args\": {privacy.ToJsonString()}}}")));

        Assert.Equal($"dp_args.{name}", refusal.Field);
        Assert.Contains(accepted, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Where the .NET types leave room for a wrong value: JSON made by the caller, and enums.</summary>
    [Fact]
    [Trait("input", "2")]
    public void Write_TypedArgumentsThatHaveNoForm_AreRefusedNamingThem()
    {
        Refused(new() { LoaderArgs = new JsonObject { ["batch_size"] = 32.0 } }, "loader_args.batch_size", "a whole number");
        Refused(new() { LoaderArgs = new JsonObject { ["batch_size"] = "32" } }, "loader_args.batch_size", "a whole number");
        Refused(new() { LoaderArgs = new JsonObject { ["batch_size"] = null } }, "loader_args.batch_size", "a whole number");
        Refused(new() { OptimizerArgs = new JsonObject { ["lr"] = double.PositiveInfinity } }, "optimizer_args.lr", "finite number");
        Refused(new() { OptimizerArgs = new JsonObject { ["name"] = "\ud800" } }, "optimizer_args.name", "well-formed");
        Refused(new() { TestMetricArgs = new JsonObject { ["at"] = JsonValue.Create(DateTime.UnixEpoch) } }, "test_metric_args.at", "a .NET bool");
        Refused(new() { TestMetric = (TestMetric)77 }, "test_metric", "one of ACCURACY");
        Refused(
            new() { DifferentialPrivacy = new() { Type = (DifferentialPrivacyType)9, Sigma = 1, Clip = 1 } }, "dp_args.type", "one of central");
    }

    private static void Refused(TrainingArgs args, string field, string accepted)
    {
        var refusal = Assert.Throws<MessageFormatException>(() => TrainingArgsJson.Write(args));
        var gate = Assert.Throws<MessageFormatException>(
            () => MessageWriter.Write(SoundMessages.Train with { TrainingArgs = args with { Epochs = 1 } }));

        Assert.Equal(field, refusal.Field);
        Assert.Equal("training_args." + field, gate.Field);
        Assert.Contains(accepted, refusal.Message, StringComparison.Ordinal);
    }
}

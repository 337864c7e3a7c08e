using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

public sealed class TrainingArgsJsonTests
{
    private static readonly TrainingArgs Full = new()
    {
        LoaderArgs = new JsonObject { ["batch_size"] = 48, ["shuffle"] = true },
        OptimizerArgs = new JsonObject { ["lr"] = 0.1, ["momentum"] = 0.0 },
        Epochs = 2,
        DryRun = true,
        MaximumBatches = 5,
        TestRatio = 0.25,
        TestOnLocalUpdates = true,
        TestOnGlobalUpdates = true,
        TestMetric = TestMetric.MeanSquareError,
        TestMetricArgs = new JsonObject { ["normalize"] = false },
        LogInterval = 3,
        FedProxMu = 0.01,
        UseGpu = true,
        DifferentialPrivacy = new() { Type = DifferentialPrivacyType.Local, Sigma = 0.5, Clip = 1 },
        SharePersistentBuffers = false,
        RandomSeed = 7,
    };

    [Fact]
    public void Read_WhatWasWritten_IsTheSameArguments()
    {
        Assert.Equal(Full, TrainingArgsJson.Read(TrainingArgsJson.Write(Full)));
        Assert.Equal(new TrainingArgs(), TrainingArgsJson.Read(TrainingArgsJson.Write(new TrainingArgs())));
    }

    [Fact]
    public void Write_AsTheNextValue_WritesAllSeventeen()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            TrainingArgsJson.Write(writer, Full);
        }

        using JsonDocument json = JsonDocument.Parse(stream.ToArray());
        Assert.Equal(17, json.RootElement.GetPropertyCount());
        Assert.Equal(Full, TrainingArgsJson.Read(json.RootElement));
    }

    [Fact]
    public void Read_MissingArguments_HaveTheirDefaults()
    {
        TrainingArgs args = TrainingArgsJson.Read(Encoding.UTF8.GetBytes("\uFEFF{\"epochs\": 3, \"loader_args\": {\"batch_size\": 8}}"));

        Assert.Equal(new TrainingArgs { Epochs = 3, BatchSize = 8 }, args);
    }

    [Fact]
    public void Write_EachMetric_HasItsPythonName()
    {
        string[] names = [.. Enum.GetValues<TestMetric>().Select(m =>
        {
            using JsonDocument json = JsonDocument.Parse(TrainingArgsJson.Write(new TrainingArgs { TestMetric = m }));
            return json.RootElement.GetProperty("test_metric").GetString()!;
        })];

        Assert.Equal(["ACCURACY", "F1_SCORE", "PRECISION", "RECALL", "MEAN_SQUARE_ERROR", "MEAN_ABSOLUTE_ERROR", "EXPLAINED_VARIANCE"],
            names);
    }

    [Theory]
    [Trait("input", "2")]
    [InlineData("""{"test_ratio": 0}""", "test_ratio", "written with a point (1.0, not 1)")]
    [InlineData("""{"test_ratio": 1.5}""", "test_ratio", "at most 1.0, got 1.5")]
    [InlineData("""{"epochs": "1"}""", "epochs", "a whole number from 1")]
    [InlineData("""{"epochs": 0}""", "epochs", "got 0")]
    [InlineData("""{"lr": 0.1}""", "lr", "absent")]
    [InlineData("""{"loader_args": null}""", "loader_args", "an object, got null")]
    [InlineData("""{"loader_args": {"batch_size": 32.0}}""", "loader_args.batch_size", "got 32.0")]
    [InlineData("""{"dp_args": {"type": "both", "sigma": 1.0, "clip": 1.0}}""", "dp_args.type", "one of central, local")]
    [InlineData("""{"dp_args": {"type": "local", "sigma": 1.0}}""", "dp_args.clip", "missing")]
    [InlineData("""{"fedprox_mu": -0.5}""", "fedprox_mu", "at least 0.0, or null, got -0.5")]
    [InlineData("""{"fedprox_mu": NaN}""", "fedprox_mu", "a finite number, got NaN")]
    [InlineData("""{"epochs": 1, "epochs": 2}""", "epochs", "there once")]
    [InlineData("[]", null, "an object, got an array")]
    [InlineData("", null, "JSON")]
    public void Read_WrongArgument_ThrowsNamingItAndTheAcceptedForm(string json, string? field, string says)
    {
        MessageFormatException refusal = Assert.Throws<MessageFormatException>(() => TrainingArgsJson.Read(Encoding.UTF8.GetBytes(json)));

        Assert.Equal(field, refusal.Field);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ElementWithANameTwice_Throws()
    {
        using JsonDocument json = JsonDocument.Parse("""{"optimizer_args": {"lr": 0.1, "lr": 0.2}}""");

        Assert.Throws<MessageFormatException>(() => TrainingArgsJson.Read(json.RootElement));
    }

    [Fact]
    public void Write_NaNInOptimizerArgs_Throws()
    {
        var args = new TrainingArgs { OptimizerArgs = new JsonObject { ["lr"] = double.NaN } };

        Assert.Equal("optimizer_args.lr", Assert.Throws<MessageFormatException>(() => TrainingArgsJson.Write(args)).Field);
    }
}

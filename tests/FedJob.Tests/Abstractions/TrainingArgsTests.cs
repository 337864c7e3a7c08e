using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Tests.Abstractions;

public sealed class TrainingArgsTests
{
    public static TheoryData<string, Func<TrainingArgs>> OutOfRange => new()
    {
        { "BatchSize", () => new TrainingArgs { BatchSize = 0 } },
        { "LearningRate", () => new TrainingArgs { LearningRate = 0 } },
        { "LearningRate", () => new TrainingArgs { LearningRate = -0.1 } },
        { "LearningRate", () => new TrainingArgs { LearningRate = double.NaN } },
        { "LearningRate", () => new TrainingArgs { LearningRate = double.PositiveInfinity } },
        { "Epochs", () => new TrainingArgs { Epochs = 0 } },
        { "UpdateCount", () => new TrainingArgs { UpdateCount = -1 } },
        { "MaximumBatches", () => new TrainingArgs { MaximumBatches = 0 } },
        { "TestRatio", () => new TrainingArgs { TestRatio = -0.01 } },
        { "TestRatio", () => new TrainingArgs { TestRatio = 1.01 } },
        { "TestRatio", () => new TrainingArgs { TestRatio = double.NaN } },
        { "LogInterval", () => new TrainingArgs { LogInterval = 0 } },
        { "FedProxMu", () => new TrainingArgs { FedProxMu = -1 } },
        { "FedProxMu", () => new TrainingArgs { FedProxMu = double.NaN } },
        { "Sigma", () => Private(sigma: -1) },
        { "Sigma", () => Private(sigma: double.NaN) },
        { "Clip", () => Private(clip: 0) },
        { "Clip", () => Private(clip: double.PositiveInfinity) },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    [Trait("input", "15")]
    public void Init_ValueOutOfRange_IsRefusedNamingTheArgument(string argument, Func<TrainingArgs> make)
    {
        var refusal = Assert.Throws<ArgumentOutOfRangeException>(make);

        Assert.Equal(argument, refusal.ParamName);
        Assert.Contains($"{argument} must", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_AreThoseOfTheWire()
    {
        var args = new TrainingArgs();

        Assert.Equal((null, null, false, null, 0.0), (args.Epochs, args.UpdateCount, args.DryRun, args.MaximumBatches, args.TestRatio));
        Assert.Equal((10, null, false), (args.LogInterval, args.FedProxMu, args.UseGpu));
        Assert.Equal((null, true, null), (args.DifferentialPrivacy, args.SharePersistentBuffers, args.RandomSeed));
        Assert.Equal((false, false, null), (args.TestOnLocalUpdates, args.TestOnGlobalUpdates, args.TestMetric));
        Assert.Empty(args.LoaderArgs);
        Assert.Empty(args.OptimizerArgs);
        Assert.Empty(args.TestMetricArgs);
        Assert.Null(args.BatchSize);
        Assert.Null(args.LearningRate);
    }

    [Fact]
    public void Objects_SetAndRead_AreCopies()
    {
        var loader = new JsonObject { ["batch_size"] = 8 };
        var args = new TrainingArgs { LoaderArgs = loader, OptimizerArgs = new JsonObject { ["lr"] = 0.5 } };

        loader["batch_size"] = 9;
        args.LoaderArgs["batch_size"] = 10;
        args.OptimizerArgs.Clear();

        Assert.Equal(8, args.BatchSize);
        Assert.Equal(0.5, args.LearningRate);
        Assert.Throws<ArgumentNullException>(() => new TrainingArgs { LoaderArgs = null! });
    }

    [Fact]
    public void With_AShortcut_ChangesOnlyTheNewSet()
    {
        var first = new TrainingArgs { LoaderArgs = new JsonObject { ["shuffle"] = true }, BatchSize = 8, LearningRate = 0.1 };

        TrainingArgs second = first with { BatchSize = 16, LearningRate = null };

        Assert.Equal((8, 0.1), (first.BatchSize, first.LearningRate));
        Assert.Equal((16, null), (second.BatchSize, second.LearningRate));
        Assert.True(second.LoaderArgs["shuffle"]!.GetValue<bool>());
        Assert.False(second.OptimizerArgs.ContainsKey("lr"));
    }

    [Theory]
    [InlineData(null, null, 0.0, true, "both unset")]
    [InlineData(2, 3, 0.0, true, "TrainingArgs.Epochs (2) and TrainingArgs.UpdateCount (3) exclude each other")]
    [InlineData(2, 3, 0.0, false, "exclude each other")]
    [InlineData(1, null, 1.0, true, "TrainingArgs.TestRatio is 1")]
    public void Validate_BrokenRule_NamesBothArguments(int? epochs, int? updates, double testRatio, bool training, string reason)
    {
        var args = new TrainingArgs { Epochs = epochs, UpdateCount = updates, TestRatio = testRatio };

        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => args.Validate(training)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, null, 0.99, true)]
    [InlineData(null, 5, 0.0, true)]
    [InlineData(null, null, 1.0, false)]
    public void Validate_KeptRules_Pass(int? epochs, int? updates, double testRatio, bool training) =>
        new TrainingArgs { Epochs = epochs, UpdateCount = updates, TestRatio = testRatio }.Validate(training);

    [Fact]
    public void Equals_SameArguments_ComparesJsonByContent()
    {
        static TrainingArgs Make() => new()
        {
            Epochs = 1,
            BatchSize = 4,
            LearningRate = 0.1,
            TestMetric = TestMetric.F1Score,
            RandomSeed = 3,
        };

        Assert.Equal(Make(), Make());
        Assert.Equal(Make().GetHashCode(), Make().GetHashCode());
        Assert.NotEqual(Make(), Make() with { BatchSize = 5 });
        Assert.NotEqual(Make(), Make() with { SharePersistentBuffers = false });
        Assert.NotEqual(Make(), Make() with { TestMetricArgs = new JsonObject { ["a"] = 1 } });
        Assert.NotEqual(Make(), Make() with { DifferentialPrivacy = Private().DifferentialPrivacy });
    }

    private static TrainingArgs Private(double sigma = 1, double clip = 1) => new()
    {
        DifferentialPrivacy = new DifferentialPrivacyArgs { Type = DifferentialPrivacyType.Local, Sigma = sigma, Clip = clip },
    };
}

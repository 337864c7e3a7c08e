using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using Penguins;

namespace FedJob.Tests.Samples;

public sealed class PenguinPlanTests
{
    private static readonly TrainingArgs OneEpoch = new() { Epochs = 1, BatchSize = 4, LearningRate = 0.1 };

    private static readonly string[] Species = ["Adelie", "Chinstrap", "Gentoo"];

    // Four penguins of each species, in turn.
    private static readonly TabularDataset Penguins = Table(
        [39.1, 46.5, 46.1, 39.5, 50.0, 50.0, 40.3, 51.3, 48.7, 36.7, 45.4, 50.0],
        [18.7, 17.9, 13.2, 17.4, 19.5, 16.3, 18.0, 19.2, 14.1, 19.3, 18.7, 15.2],
        [181, 192, 211, 186, 196, 230, 195, 193, 210, 193, 188, 218],
        [3750, 3500, 4500, 3800, 3900, 5700, 3250, 3650, 4450, 3450, 3525, 5700]);

    [Fact]
    public async Task TrainAsync_ManyEpochs_LearnsTheSpecies()
    {
        PenguinPlan plan = await CreateAsync();
        EvaluationResult before = await EvaluateAsync(plan);

        await TrainAsync(plan, OneEpoch with { Epochs = 100 });

        EvaluationResult after = await EvaluateAsync(plan);
        Assert.Equal(1.0, after.Metrics["ACCURACY"]);
        Assert.True(after.Metrics["Loss"] < before.Metrics["Loss"] / 5, $"{before.Metrics["Loss"]} -> {after.Metrics["Loss"]}");
        Assert.Equal(12, after.SampleCount);
    }

    [Fact]
    public async Task TrainAsync_OneStepOnEverything_FollowsTheGradientOfTheLoss()
    {
        const double Rate = 0.01;
        PenguinPlan plan = await CreateAsync();
        float[] start = Values(plan);
        var slopes = new double[start.Length];
        for (int i = 0; i < start.Length; i++)
        {
            slopes[i] = (await LossAtAsync(plan, start, i, 0.01f) - await LossAtAsync(plan, start, i, -0.01f)) / 0.02;
        }

        Set(plan, start);
        await TrainAsync(plan, new TrainingArgs { UpdateCount = 1, BatchSize = 12, LearningRate = Rate });

        float[] end = Values(plan);
        Assert.All(slopes, (slope, i) => Assert.Equal(slope, (start[i] - end[i]) / Rate, 1e-3));
    }

    [Fact]
    public async Task TrainAsync_SameSeeds_GivesTheSameParameters()
    {
        PenguinPlan first = await CreateAsync();
        PenguinPlan second = await CreateAsync();

        await TrainAsync(first, OneEpoch, seed: 7);
        await TrainAsync(second, OneEpoch, seed: 7);
        Assert.Equal(Values(first), Values(second));

        await TrainAsync(first, OneEpoch, seed: 8);
        await TrainAsync(second, OneEpoch, seed: 9);
        Assert.NotEqual(Values(first), Values(second));
    }

    [Fact]
    public async Task InitializeAsync_AnotherSeed_GivesOtherParametersOfTheSameShape()
    {
        PenguinPlan first = await CreateAsync(seed: 1);
        PenguinPlan second = await CreateAsync(seed: 2);

        Assert.Null(second.GetParameters().DescribeDifference(first.GetParameters()));
        Assert.Equal("Float32[3, 4]", first.GetParameters()["weight"].ToString());
        Assert.Equal("Float32[3]", first.GetParameters()["bias"].ToString());
        Assert.NotEqual(Values(first), Values(second));
    }

    [Theory]
    [InlineData(2, null, null, false, 12, "1:1/3 1:2/3 1:3/3 2:1/3 2:2/3 2:3/3")]
    [InlineData(null, 4, null, false, 12, ":1/3 :2/3 :3/3 :1/3")]
    [InlineData(2, null, 1, false, null, "1:1/1 2:1/1")]
    [InlineData(2, null, null, true, 4, "1:1/3")]
    public async Task TrainAsync_LimitsAsked_TrainsAndReportsThatMuch(
        int? epochs, int? updates, int? maximumBatches, bool dryRun, int? samples, string batches)
    {
        PenguinPlan plan = await CreateAsync();
        var args = new TrainingArgs
        {
            Epochs = epochs,
            UpdateCount = updates,
            MaximumBatches = maximumBatches,
            DryRun = dryRun,
            BatchSize = 4,
            LearningRate = 0.1,
            LogInterval = 1,
        };

        (TrainingResult result, List<MetricReport> reports) = await TrainAsync(plan, args);

        Assert.Equal(batches, string.Join(' ', reports.Select(r => $"{r.Epoch}:{r.Iteration}/{r.BatchCount}")));
        Assert.All(reports, r => Assert.Equal((4, 4 * r.Iteration, 4 * r.BatchCount), (r.BatchSamples, r.SamplesTrained, r.TotalSamples)));
        Assert.All(reports, r => Assert.True(double.IsFinite(r.Metrics["Loss"])));
        Assert.Equal(0.1, result.LearningRate);
        Assert.InRange(result.SampleCount, samples ?? 4, samples ?? 8);
    }

    [Fact]
    public async Task TrainAsync_LogInterval_ReportsFirstLastAndEveryInterval()
    {
        (_, List<MetricReport> reports) = await TrainAsync(await CreateAsync(), OneEpoch with { BatchSize = 1, LogInterval = 5 });

        Assert.Equal([1, 5, 10, 12], reports.Select(r => r.Iteration));
    }

    [Fact]
    public async Task TrainAsync_FedProx_StaysCloserToWhatWasSent()
    {
        PenguinPlan free = await CreateAsync();
        PenguinPlan held = await CreateAsync();
        float[] start = Values(free);

        await TrainAsync(free, OneEpoch with { Epochs = 20 });
        await TrainAsync(held, OneEpoch with { Epochs = 20, FedProxMu = 1 });

        double Distance(PenguinPlan plan) => Values(plan).Zip(start, (a, b) => Math.Pow(a - b, 2)).Sum();
        Assert.InRange(Distance(held), 1e-6, Distance(free) / 2);
    }

    [Fact]
    public async Task TrainAsync_Cancelled_EndsAtTheNextBatch()
    {
        using var cancellation = new CancellationTokenSource();
        PenguinPlan plan = await CreateAsync();
        var reports = new List<MetricReport>();
        TrainingContext context = Context(OneEpoch with { Epochs = 1000, LogInterval = 1 }, seed: 1) with
        {
            Progress = new Collector(report =>
            {
                reports.Add(report);
                cancellation.Cancel();
            }),
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await plan.TrainAsync(context, cancellation.Token));
        Assert.Single(reports);
    }

    [Fact]
    public async Task SetParameters_OfAnotherModel_IsRefused()
    {
        PenguinPlan plan = await CreateAsync();
        var other = new ModelParameters { ["weight"] = ParameterTensor.FromArray(new float[12], 4, 3) };

        var exception = Assert.Throws<ArgumentException>(() => plan.SetParameters(other));

        Assert.Contains("expected Float32[3, 4], got Float32[4, 3]", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.NaN, "Adelie", "has no bill_depth_mm")]
    [InlineData(18.7, "Emperor", "is none of Adelie, Chinstrap, Gentoo")]
    public async Task TrainAsync_RowItCannotUse_NamesTheRowButNotItsValue(double depth, string species, string reason)
    {
        PenguinPlan plan = await CreateAsync();
        var dataset = new TabularDataset("p", [
            DatasetColumn.FromNumbers("bill_length_mm", [39.1]), DatasetColumn.FromNumbers("bill_depth_mm", [depth]),
            DatasetColumn.FromNumbers("flipper_length_mm", [181]), DatasetColumn.FromNumbers("body_mass_g", [3750]),
            DatasetColumn.FromTexts("species", [species])]);

        var exception = await Assert.ThrowsAsync<InvalidDataException>(async () => await plan.TrainAsync(
            Context(OneEpoch, seed: 1) with { Dataset = dataset, Samples = [0] }, TestContext.Current.CancellationToken));

        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains("row 0", exception.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Emperor", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bundle_OfThePlan_BringsItsTensorLibraryAndTrains()
    {
        PlanBundle bundle = await PlanBundle.FromTypeAsync(typeof(PenguinPlan), TestContext.Current.CancellationToken);
        using LoadedPlan loaded = LoadedPlan.Load(bundle, "Penguins.PenguinPlan");
        ITrainingPlan plan = loaded.CreateInstance();
        await plan.InitializeAsync(
            new InitializationContext { TrainingArgs = OneEpoch, Seed = 1 }, TestContext.Current.CancellationToken);

        await plan.TrainAsync(Context(OneEpoch, seed: 1), TestContext.Current.CancellationToken);

        Assert.Contains("System.Numerics.Tensors.dll", bundle.FileNames);
        PenguinPlan direct = await CreateAsync();
        await TrainAsync(direct, OneEpoch);
        Assert.Equal(direct.GetParameters()["weight"].AsSpan<float>(), plan.GetParameters()["weight"].AsSpan<float>());
    }

    private static TabularDataset Table(double[] lengths, double[] depths, double[] flippers, double[] masses) => new("penguins", [
        DatasetColumn.FromNumbers("bill_length_mm", lengths), DatasetColumn.FromNumbers("bill_depth_mm", depths),
        DatasetColumn.FromNumbers("flipper_length_mm", flippers), DatasetColumn.FromNumbers("body_mass_g", masses),
        DatasetColumn.FromTexts("species", [.. lengths.Select((_, row) => Species[row % Species.Length])])]);

    private static async Task<PenguinPlan> CreateAsync(int seed = 1)
    {
        var plan = new PenguinPlan();
        await plan.InitializeAsync(
            new InitializationContext { TrainingArgs = OneEpoch, Seed = seed }, TestContext.Current.CancellationToken);
        return plan;
    }

    private static TrainingContext Context(TrainingArgs args, int seed) => new()
    {
        Dataset = Penguins,
        Samples = [.. Enumerable.Range(0, Penguins.SampleCount)],
        TrainingArgs = args,
        Round = 0,
        Seed = seed,
    };

    private static async Task<(TrainingResult Result, List<MetricReport> Reports)> TrainAsync(
        PenguinPlan plan, TrainingArgs args, int seed = 1)
    {
        var reports = new List<MetricReport>();
        TrainingContext context = Context(args, seed) with { Progress = new Collector(reports.Add) };
        return (await plan.TrainAsync(context, TestContext.Current.CancellationToken), reports);
    }

    private static async Task<EvaluationResult> EvaluateAsync(PenguinPlan plan) => await plan.EvaluateAsync(
        new EvaluationContext
        {
            Dataset = Penguins,
            Samples = [.. Enumerable.Range(0, Penguins.SampleCount)],
            TrainingArgs = OneEpoch,
            Round = 0,
        },
        TestContext.Current.CancellationToken);

    private static async Task<double> LossAtAsync(PenguinPlan plan, float[] values, int index, float change)
    {
        float[] moved = [.. values];
        moved[index] += change;
        Set(plan, moved);
        return (await EvaluateAsync(plan)).Metrics["Loss"];
    }

    private static float[] Values(PenguinPlan plan)
    {
        ModelParameters parameters = plan.GetParameters();
        return [.. parameters["weight"].AsSpan<float>(), .. parameters["bias"].AsSpan<float>()];
    }

    private static void Set(PenguinPlan plan, float[] values) => plan.SetParameters(new ModelParameters
    {
        ["weight"] = ParameterTensor.FromArray(values[..12], 3, 4),
        ["bias"] = ParameterTensor.FromArray(values[12..], 3),
    });

    /// <summary>Collects at once, unlike <see cref="Progress{T}"/>, which posts.</summary>
    private sealed class Collector(Action<MetricReport> collect) : IProgress<MetricReport>
    {
        public void Report(MetricReport value) => collect(value);
    }
}

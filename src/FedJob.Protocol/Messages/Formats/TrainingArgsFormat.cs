using System.Globalization;
using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// The seventeen training arguments under their names on the wire. All are written; one that is missing when they are read has its default,
/// as at a node.
/// </summary>
internal static class TrainingArgsFormat
{
    private static readonly TrainingArgs Defaults = new();

    private static readonly WireType<int?> Limit = WireTypes.AtLeastOne.OrNullValue();

    private static readonly ChoiceType<TestMetric> Metric = new(
        ("ACCURACY", TestMetric.Accuracy), ("F1_SCORE", TestMetric.F1Score), ("PRECISION", TestMetric.Precision),
        ("RECALL", TestMetric.Recall), ("MEAN_SQUARE_ERROR", TestMetric.MeanSquareError),
        ("MEAN_ABSOLUTE_ERROR", TestMetric.MeanAbsoluteError), ("EXPLAINED_VARIANCE", TestMetric.ExplainedVariance));

    private static readonly RecordFormat<DifferentialPrivacyArgs> DifferentialPrivacy = new(f =>
    {
        var type = f.Field(
            "type",
            new ChoiceType<DifferentialPrivacyType>(("central", DifferentialPrivacyType.Central), ("local", DifferentialPrivacyType.Local)),
            p => p.Type);
        var sigma = f.Field("sigma", new FloatType { NeedsPoint = true, Minimum = 0 }, p => p.Sigma);
        var clip = f.Field("clip", new FloatType { NeedsPoint = true, Minimum = 0, AboveMinimum = true }, p => p.Clip);
        return v => new DifferentialPrivacyArgs { Type = type[v], Sigma = sigma[v], Clip = clip[v] };
    })
    { Subject = "dp_args" };

    public static readonly RecordFormat<TrainingArgs> Format = new(f =>
    {
        RecordField<TrainingArgs, T> Field<T>(string name, WireType<T> type, Func<TrainingArgs, T> get) =>
            f.OptionalField(name, type, get, get(Defaults));

        var loader = Field("loader_args", WireTypes.Object, a => a.LoaderArgs);
        var optimizer = Field("optimizer_args", WireTypes.Object, a => a.OptimizerArgs);
        var epochs = Field("epochs", Limit, a => a.Epochs);
        var updates = Field("num_updates", Limit, a => a.UpdateCount);
        var dryRun = Field("dry_run", WireTypes.Boolean, a => a.DryRun);
        var batches = Field("batch_maxnum", Limit, a => a.MaximumBatches);
        var testRatio = Field("test_ratio", new FloatType { NeedsPoint = true, Minimum = 0, Maximum = 1 }, a => a.TestRatio);
        var testLocal = Field("test_on_local_updates", WireTypes.Boolean, a => a.TestOnLocalUpdates);
        var testGlobal = Field("test_on_global_updates", WireTypes.Boolean, a => a.TestOnGlobalUpdates);
        var metric = Field("test_metric", Metric.OrNullValue(), a => a.TestMetric);
        var metricArgs = Field("test_metric_args", WireTypes.Object, a => a.TestMetricArgs);
        var logInterval = Field("log_interval", WireTypes.AtLeastOne, a => a.LogInterval);
        var mu = Field("fedprox_mu", new FloatType { NeedsPoint = true, Minimum = 0 }.OrNullValue(), a => a.FedProxMu);
        var gpu = Field("use_gpu", WireTypes.Boolean, a => a.UseGpu);
        var privacy = Field("dp_args", DifferentialPrivacy.OrNull(), a => a.DifferentialPrivacy);
        var buffers = Field("share_persistent_buffers", WireTypes.Boolean, a => a.SharePersistentBuffers);
        var seed = Field("random_seed", new WholeNumberType<int>(int.MinValue, int.MaxValue).OrNullValue(), a => a.RandomSeed);
        f.Rule(CheckBatchSize);
        return v => new TrainingArgs
        {
            LoaderArgs = loader[v],
            OptimizerArgs = optimizer[v],
            Epochs = epochs[v],
            UpdateCount = updates[v],
            DryRun = dryRun[v],
            MaximumBatches = batches[v],
            TestRatio = testRatio[v],
            TestOnLocalUpdates = testLocal[v],
            TestOnGlobalUpdates = testGlobal[v],
            TestMetric = metric[v],
            TestMetricArgs = metricArgs[v],
            LogInterval = logInterval[v],
            FedProxMu = mu[v],
            UseGpu = gpu[v],
            DifferentialPrivacy = privacy[v],
            SharePersistentBuffers = buffers[v],
            RandomSeed = seed[v],
        };
    })
    { Subject = "training_args" };

    /// <summary>The one loader argument that every plan has: a node refuses it with a point.</summary>
    private static void CheckBatchSize(TrainingArgs args, Findings findings)
    {
        if (args.LoaderArgs.TryGetPropertyValue("batch_size", out JsonNode? size)
            && !(int.TryParse(FreeJson.NumberLiteral(size), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0))
        {
            findings.Refuse(WireTypes.AtLeastOne.Accepted, FreeJson.Show(size));
            findings.Within("loader_args.batch_size");
        }
    }
}

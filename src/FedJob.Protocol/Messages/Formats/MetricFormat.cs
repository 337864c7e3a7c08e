namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of a metric message.</summary>
internal static class MetricFormat
{
    private static readonly FloatType Value = new() { Minimum = -MessageLimits.MaximumMetric, Maximum = MessageLimits.MaximumMetric };

    public static MessageFormat Format => MessageFormat.Node<MetricMessage>("add_scalar", f =>
    {
        var job = f.Field("job_id", WireTypes.Id, m => m.JobId);
        var train = f.Field("train", WireTypes.Boolean, m => m.Train);
        var test = f.Field("test", WireTypes.Boolean, m => m.Test);
        var testLocal = f.Field("test_on_local_updates", WireTypes.Boolean, m => m.TestOnLocalUpdates);
        var testGlobal = f.Field("test_on_global_updates", WireTypes.Boolean, m => m.TestOnGlobalUpdates);
        var metrics = f.Field("metric", new MapType<double>(new MetricNameType(), Value), m => m.Metrics);
        var epoch = f.Field("epoch", WireTypes.Count.OrNullValue(), m => m.Epoch);
        var total = f.Field("total_samples", WireTypes.Samples, m => m.TotalSamples);
        var batch = f.Field("batch_samples", WireTypes.Samples, m => m.BatchSamples);
        var batches = f.Field("num_batches", WireTypes.Count, m => m.BatchCount);
        var trained = f.Field("num_samples_trained", WireTypes.Samples.OrNullValue(), m => m.SamplesTrained);
        var iteration = f.Field("iteration", WireTypes.Count, m => m.Iteration);
        return v => new MetricMessage
        {
            ResearcherId = v.ResearcherId(),
            NodeId = v.NodeId(),
            JobId = job[v],
            Train = train[v],
            Test = test[v],
            TestOnLocalUpdates = testLocal[v],
            TestOnGlobalUpdates = testGlobal[v],
            Metrics = metrics[v],
            Epoch = epoch[v],
            TotalSamples = total[v],
            BatchSamples = batch[v],
            BatchCount = batches[v],
            SamplesTrained = trained[v],
            Iteration = iteration[v],
        };
    });

    /// <summary>
    /// The name of a metric, e.g. "Loss log_loss". It ends in tables and file names of plots, so it stays short and on one line.
    /// </summary>
    private sealed class MetricNameType : TextType
    {
        private const int MaximumLength = 256;

        public override string Accepted => $"named with 1 to {MaximumLength} characters, none of them a control character";

        protected override bool IsWritable(string text) => text.Length is > 0 and <= MaximumLength && !text.Any(char.IsControl);
    }
}

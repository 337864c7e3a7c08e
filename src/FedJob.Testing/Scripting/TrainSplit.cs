using FedJob.Protocol.Messages;

namespace FedJob.Testing.Scripting;

/// <summary>How the rows of a dataset are split for a request, and the metrics that follow from it.</summary>
internal sealed record TrainSplit(bool Training, bool Global, bool Local, double Ratio, long TrainingRows, long TestRows, long BatchSize, string Metric)
{
    public static TrainSplit Of(OrderedDictionary<string, object?> request, DatasetEntry dataset, bool argsAreGood)
    {
        var args = argsAreGood ? (OrderedDictionary<string, object?>)request["training_args"]! : [];
        bool global = args.GetValueOrDefault("test_on_global_updates") is true, local = args.GetValueOrDefault("test_on_local_updates") is true;
        double ratio = args.GetValueOrDefault("test_ratio") is double given ? given : 0;
        long rows = dataset.Shape is [long first, ..] ? first : 1;
        long test = global || local ? (long)Math.Floor(rows * ratio) : 0;
        long batch = args.GetValueOrDefault("loader_args") is OrderedDictionary<string, object?> loader
            && loader.GetValueOrDefault("batch_size") is long size and > 0 ? size : 1;
        return new TrainSplit(
            request["training"] is true, global, local, ratio, rows - test, test, batch, args.GetValueOrDefault("test_metric") as string ?? "ACCURACY");
    }

    public Task ReportAsync(
        OrderedDictionary<string, object?> request, ReplyWriter replies, string name, double value, int? epoch, int iteration, int batches, long trained)
    {
        // As captured: the total counts whole batches until the last one tells better.
        bool last = iteration == batches;
        long batch = last && trained % BatchSize != 0 ? trained % BatchSize : BatchSize;
        return ScalarAsync(request, replies, (true, false, false), name, value, epoch, last ? trained : batches * BatchSize, batch, batches, trained, iteration);
    }

    public async Task ValidateAsync(OrderedDictionary<string, object?> request, ReplyWriter replies, bool local)
    {
        if (!local && !Global && !Local)
        {
            await replies.LogAsync(
                "WARNING",
                "There is no validation activated for the round. Please set flag for `test_on_global_updates`, `test_on_local_updates`, or both. "
                + "Splitting dataset for validation will be ignored").ConfigureAwait(false);
        }
        else if ((local ? Local : Global) && TestRows > 0)
        {
            string metric = Metric is "ACCURACY" or "F1_SCORE" or "PRECISION" or "RECALL" or "MEAN_SQUARE_ERROR" or "MEAN_ABSOLUTE_ERROR"
                or "EXPLAINED_VARIANCE" ? Metric : "ACCURACY";
            await ScalarAsync(request, replies, (false, local, !local), metric, 0.75, null, TestRows, TestRows, 1, null, 1).ConfigureAwait(false);
        }
    }

    private static Task ScalarAsync(
        OrderedDictionary<string, object?> request, ReplyWriter replies, (bool Train, bool Local, bool Global) kind, string name, double value, int? epoch,
        long total, long batch, int batches, long? trained, int iteration) => replies.ReplyAsync(
            (string)request["researcher_id"]!,
            "add_scalar",
            ("node_id", replies.NodeId),
            ("job_id", request["job_id"]),
            ("train", kind.Train),
            ("test", !kind.Train),
            ("test_on_local_updates", kind.Local),
            ("test_on_global_updates", kind.Global),
            ("metric", new OrderedDictionary<string, object?>(StringComparer.Ordinal) { [name] = value }),
            ("epoch", epoch),
            ("total_samples", total),
            ("batch_samples", batch),
            ("num_batches", batches),
            ("num_samples_trained", trained),
            ("iteration", iteration));
}

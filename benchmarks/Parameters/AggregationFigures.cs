using System.Globalization;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Benchmarks.Parameters;

/// <summary>Federated averaging of mapped updates into a new parameter file, beside a copy in memory on one thread.</summary>
internal static class AggregationFigures
{
    public static async Task RunAsync(Options options, string directory, TextWriter writer)
    {
        string[] paths = [.. Enumerable.Range(0, options.Nodes).Select(i => Path.Combine(directory, $"update_{i}.mpk"))];
        for (int i = 0; i < paths.Length; i++)
        {
            await AggregatedParametersFile.WriteAsync(paths[i], "bench", Models.Make(options.Update, i), CancellationToken.None);
        }

        var source = new byte[options.Update];
        var copy = new byte[options.Update];
        List<double> copies = [], kernels = [], one = [], two = [], whole = [];
        var digests = new HashSet<string>(StringComparer.Ordinal);
        for (int round = -1; round < options.Repeat; round++)
        {
            double copied = Clock.Time(() => source.AsSpan().CopyTo(copy));
            double kernel = Combine(paths, new Discarded(), 1);
            (double single, _, string first) = await IntoFileAsync(paths, directory, 1);
            (double twice, double all, string second) = await IntoFileAsync(paths, directory, 2);
            if (round >= 0)
            {
                copies.Add(copied);
                kernels.Add(kernel);
                one.Add(single);
                two.Add(twice);
                whole.Add(all);
            }

            digests.Add(first);
            digests.Add(second);
        }

        double input = (double)options.Update * options.Nodes;
        double rate = 2 * options.Update / Clock.Median(copies);
        Print("copy of one update in memory, read + written", rate, null);
        Print("FedAvg, 1 thread, result dropped", input / Clock.Median(kernels), rate);
        Print("FedAvg, 1 thread, into the file", input / Clock.Median(one), rate);
        Print("FedAvg, 2 threads, into the file", input / Clock.Median(two), rate);
        Print("FedAvg, 2 threads, into the file, hashed and renamed", input / Clock.Median(whole), rate);
        writer.WriteLine($"the same bits with 1 and 2 threads: {(digests.Count == 1 ? "yes" : "NO")}");

        void Print(string what, double bytesPerSecond, double? limit) => writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what,-60} {bytesPerSecond / 1e9,8:0.00} GB/s{(limit is null ? "" : $"{bytesPerSecond / limit,10:0.00} of the copy")}"));
    }

    private static async Task<(double Filled, double Complete, string Digest)> IntoFileAsync(string[] paths, string directory, int threads)
    {
        using ModelParameters global = AggregatedParametersFile.Open(paths[0]);
        string path = Path.Combine(directory, "result.mpk");
        File.Delete(path);
        WrittenFile? written = null;
        double filled = 0;
        double all = await Clock.TimeAsync(async () =>
        {
            using AggregatedParametersDraft draft = AggregatedParametersDraft.Create(path, "bench", global);
            filled = Combine(paths, new CombinedFile(draft), threads);
            written = await draft.CompleteAsync(CancellationToken.None);
        });
        return (filled, all, written!.Digest.ToString());
    }

    private static double Combine(string[] paths, ICombinedTensors target, int threads)
    {
        ModelParameters[] files = [.. paths.Select(AggregatedParametersFile.Open)];
        try
        {
            var context = new AggregationContext
            {
                Round = 0,
                Global = files[0],
                Updates = [.. files.Select((f, i) => new NodeUpdate { NodeId = $"node_{i:D5}", SampleCount = 100 + i, Parameters = f })],
            };
            return Clock.Time(() => AggregationRun.Combine(new FedAvg(), context, target, threads, CancellationToken.None));
        }
        finally
        {
            Array.ForEach(files, f => f.Dispose());
        }
    }

    /// <summary>Takes results and forgets them.</summary>
    private sealed class Discarded : ICombinedTensors
    {
        public void Write<T>(string name, long start, ReadOnlySpan<T> elements)
            where T : unmanaged
        {
        }
    }
}

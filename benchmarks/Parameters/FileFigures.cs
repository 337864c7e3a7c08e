using System.Globalization;
using System.IO.Hashing;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Benchmarks.Parameters;

/// <summary>Writing, opening, checking and reading one large parameter file, beside raw writing and hashing of as many bytes.</summary>
internal static class FileFigures
{
    private const int Block = 1 << 20;

    public static async Task RunAsync(Options options, string directory, TextWriter writer)
    {
        using ModelParameters model = Models.Make(options.Size, 1);
        string path = Path.Combine(directory, "model.mpk");
        string raw = Path.Combine(directory, "raw.bin");
        List<double> raws = [], writes = [], opens = [], checks = [], hashes = [], reads = [];
        long allocated = 0;
        for (int round = -1; round < options.Repeat; round++)
        {
            // In turn, and each into a new file: what the disk does in the background then meets both alike.
            File.Delete(raw);
            double rawTime = Clock.Time(() => WriteRaw(raw, model));
            File.Delete(path);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            double write = await Clock.TimeAsync(() => AggregatedParametersFile.WriteAsync(path, "bench", model, CancellationToken.None));
            long written = GC.GetTotalAllocatedBytes(precise: true) - before;
            double hash = await Clock.TimeAsync(() => HashAsync(path));
            before = GC.GetTotalAllocatedBytes(precise: true);
            ModelParameters? opened = null;
            double open = Clock.Time(() => opened = AggregatedParametersFile.Open(path));
            double check = Clock.Time(() => Require(opened!.DescribeDifference(model) is null));
            long opening = GC.GetTotalAllocatedBytes(precise: true) - before;
            double read = Clock.Time(() => Sum(opened!));
            opened!.Dispose();
            if (round >= 0)
            {
                raws.Add(rawTime);
                writes.Add(write);
                hashes.Add(hash);
                opens.Add(open);
                checks.Add(check);
                reads.Add(read);
                allocated = Math.Max(allocated, Math.Max(written, opening));
            }
        }

        Print("raw file write", raws, null);
        Print("parameter file write, hashed on the way", writes, raws);
        Print("hash of the file (XxHash128)", hashes, null);
        Print("open and validate", opens, null);
        Print("compare names, types and shapes with a model", checks, null);
        Print("read every element through the map", reads, null);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"most allocated by a write, or an open with its check: {allocated / 1e6:0.000} MB"));

        void Print(string what, List<double> seconds, List<double>? limit) => writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-60} {Clock.Median(seconds) * 1000,10:0.0} ms{(limit is null ? "" : $"{Clock.Median(seconds.Zip(limit, (a, b) => a / b)),10:0.00} of raw (median of pairs)")}"));
    }

    private static void WriteRaw(string path, ModelParameters model)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach ((_, ParameterTensor tensor) in model)
        {
            for (long offset = 0; offset < tensor.ByteCount; offset += Block)
            {
                stream.Write(tensor.GetBytes(offset, (int)Math.Min(Block, tensor.ByteCount - offset)));
            }
        }
    }

    private static async Task HashAsync(string path)
    {
        var hash = new XxHash128();
        await using FileStream stream = File.OpenRead(path);
        await hash.AppendAsync(stream);
        Require(hash.GetCurrentHash().Length == 16);
    }

    private static void Sum(ModelParameters model)
    {
        float sum = 0;
        foreach ((_, ParameterTensor tensor) in model)
        {
            sum += System.Numerics.Tensors.TensorPrimitives.Sum(tensor.AsSpan<float>());
        }

        Require(float.IsFinite(sum));
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("The file does not hold what was written.");
        }
    }
}

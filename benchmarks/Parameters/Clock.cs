using System.Diagnostics;

namespace FedJob.Benchmarks.Parameters;

/// <summary>Takes times, and medians of them.</summary>
internal static class Clock
{
    /// <summary>Seconds of one call.</summary>
    public static double Time(Action work)
    {
        long began = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public static async Task<double> TimeAsync(Func<Task> work)
    {
        long began = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}

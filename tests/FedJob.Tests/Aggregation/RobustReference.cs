namespace FedJob.Tests.Aggregation;

/// <summary>The robust rules once more, from their papers, by naive loops over whole vectors: slow, and sharing nothing with the product.</summary>
internal static class RobustReference
{
    public static double[] Median(IReadOnlyList<double[]> updates) => ByElement(updates, column =>
    {
        decimal[] sorted = [.. column.Order().Select(v => (decimal)v)];
        int middle = sorted.Length / 2;
        return (double)(sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
    });

    public static double[] TrimmedMean(IReadOnlyList<double[]> updates, int trimmed) => ByElement(updates, column =>
    {
        List<double> left = [.. column];
        for (int i = 0; i < trimmed; i++)
        {
            left.Remove(left.Min());
            left.Remove(left.Max());
        }

        return (double)(left.Aggregate(0m, (sum, v) => sum + (decimal)v) / left.Count);
    });

    public static int Krum(IReadOnlyList<double[]> updates, int f) => KrumOrder(updates, f)[0];

    public static double[] MultiKrum(IReadOnlyList<double[]> updates, int f, int m) =>
        Mean([.. KrumOrder(updates, f).Take(m).Select(i => updates[i])]);

    public static double[] Bulyan(IReadOnlyList<double[]> updates, int f)
    {
        int theta = updates.Count - (2 * f), beta = theta - (2 * f);
        List<double[]> received = [.. updates], selection = [];
        while (selection.Count < theta)
        {
            double[] best = received[BestOf(received, Math.Max(1, received.Count - f - 2))[0]];
            received.Remove(best);
            selection.Add(best);
        }

        double[] median = Median(selection);
        return [.. Enumerable.Range(0, median.Length).Select(k => (double)(selection
            .Select(s => s[k]).OrderBy(v => Math.Abs((decimal)v - (decimal)median[k])).ThenBy(v => v).Take(beta)
            .Aggregate(0m, (sum, v) => sum + (decimal)v) / beta))];
    }

    /// <summary>What the geometric median makes as small as possible.</summary>
    public static double SumOfDistances(IReadOnlyList<double[]> updates, double[] point) => updates.Sum(u => Distance(u, point));

    public static double[] NormClipping(IReadOnlyList<double[]> updates, long[] samples, double[] global, double most)
    {
        double[] result = [.. global];
        for (int i = 0; i < updates.Count; i++)
        {
            double scale = Math.Min(1, most / Distance(updates[i], global));
            for (int k = 0; k < global.Length; k++)
            {
                result[k] += samples[i] / (double)samples.Sum() * scale * (updates[i][k] - global[k]);
            }
        }

        return result;
    }

    public static double[] Mean(IReadOnlyList<double[]> updates) =>
        ByElement(updates, column => (double)(column.Aggregate(0m, (sum, v) => sum + (decimal)v) / column.Length));

    public static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());

    private static int[] KrumOrder(IReadOnlyList<double[]> updates, int f) => BestOf(updates, updates.Count - f - 2);

    private static int[] BestOf(IReadOnlyList<double[]> updates, int neighbours)
    {
        var scores = new List<(double Score, double[] Update, int Index)>();
        for (int i = 0; i < updates.Count; i++)
        {
            List<double> distances = [];
            for (int j = 0; j < updates.Count; j++)
            {
                if (j != i)
                {
                    distances.Add(updates[i].Zip(updates[j], (x, y) => (x - y) * (x - y)).Sum());
                }
            }

            distances.Sort();
            scores.Add((distances.Take(neighbours).Sum(), updates[i], i));
        }

        scores.Sort((a, b) =>
        {
            int first = Enumerable.Range(0, a.Update.Length).FirstOrDefault(k => a.Update[k] != b.Update[k]);
            return a.Score != b.Score ? a.Score.CompareTo(b.Score) : a.Update[first].CompareTo(b.Update[first]);
        });
        return [.. scores.Select(s => s.Index)];
    }

    private static double[] ByElement(IReadOnlyList<double[]> updates, Func<double[], double> combine) =>
        [.. Enumerable.Range(0, updates[0].Length).Select(k => combine([.. updates.Select(u => u[k])]))];
}

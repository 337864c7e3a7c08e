namespace FedJob.Tests.Aggregation;

/// <summary>
/// The synthetic(alpha, beta) data of the FedProx paper (Li et al. 2020, section 5.1): device k labels x by its own W_k, b_k ~ N(u_k, 1), u_k ~ N(0, alpha), and
/// draws x around its own v_k ~ N(B_k, 1), B_k ~ N(0, beta), with variances j^-1.2; alpha says how much models differ, beta how much data do.
/// </summary>
internal sealed class SyntheticData
{
    public const int Features = 60;
    public const int Classes = 10;

    private SyntheticData(double[][] x, int[] y) => (X, Y) = (x, y);

    public double[][] X { get; }

    public int[] Y { get; }

    public static SyntheticData[] Devices(int count, double alpha, double beta, Random random) =>
        [.. Enumerable.Range(0, count).Select(_ => Device(Math.Sqrt(alpha), Math.Sqrt(beta), random))];

    private static SyntheticData Device(double alpha, double beta, Random random)
    {
        double u = alpha * Normal(random), centre = beta * Normal(random);
        double[] w = [.. Enumerable.Range(0, Features * Classes).Select(_ => u + Normal(random))];
        double[] b = [.. Enumerable.Range(0, Classes).Select(_ => u + Normal(random))];
        double[] v = [.. Enumerable.Range(0, Features).Select(_ => centre + Normal(random))];

        // Sample counts follow a power law, cut so that the test stays fast.
        int samples = (int)Math.Min(150, 30 + Math.Exp(3 + (1.5 * Normal(random))));
        double[][] x = [.. Enumerable.Range(0, samples).Select(_ => v.Select((mean, j) => mean + (Math.Pow(j + 1, -0.6) * Normal(random))).ToArray())];
        return new SyntheticData(x, [.. x.Select(row => Enumerable.Range(0, Classes).MaxBy(c => b[c] + row.Select((value, j) => w[(j * Classes) + c] * value).Sum()))]);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

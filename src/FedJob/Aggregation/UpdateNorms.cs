using System.Numerics.Tensors;

namespace FedJob.Aggregation;

/// <summary>How far updates are from a point, over all their floating-point tensors, in double precision.</summary>
internal static class UpdateNorms
{
    /// <summary>|w_i - z| with z = c g + sum_j c_j w_j. Coefficients of 0 leave their update out of z, even where it is out of all range.</summary>
    public static double[] Distances(FloatingTiles tiles, double[] weights, double globalWeight)
    {
        var squares = new double[weights.Length];
        double[] point = [];
        tiles.ForEach(count =>
        {
            Array.Resize(ref point, Math.Max(point.Length, count));
            Span<double> z = point.AsSpan(0, count);
            TensorPrimitives.Multiply(tiles.Global(count), globalWeight, z);
            for (int j = 0; j < weights.Length; j++)
            {
                if (weights[j] != 0)
                {
                    TensorPrimitives.MultiplyAdd(tiles.Update(j, count), weights[j], z, z);
                }
            }

            for (int i = 0; i < weights.Length; i++)
            {
                squares[i] += FloatingTiles.SquaredDistance(tiles.Update(i, count), z);
            }
        });
        return [.. squares.Select(Math.Sqrt)];
    }
}

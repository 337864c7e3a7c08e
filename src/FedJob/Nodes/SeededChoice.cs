using System.Buffers.Binary;
using System.Security.Cryptography;
using FedJob.Abstractions;

namespace FedJob.Nodes;

/// <summary>
/// Draws nodes with a seed. The same nodes, seed and count give the same choice in every process, on every platform and version of .NET: of
/// <see cref="Random"/> only the seeded constructor and <see cref="Random.NextDouble"/> are used, whose numbers .NET keeps for compatibility (a test pins
/// them), never methods that may draw another way one day; all else is exact arithmetic in ordinal order of the node ids.
/// </summary>
internal static class SeededChoice
{
    /// <summary>Draws nodes without replacement, each draw in proportion to the weights of those that are left.</summary>
    /// <param name="sampler">Who draws, for the message.</param>
    /// <param name="weights">The weight of each node, finite and at least 0, in ordinal order of the ids.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="seed">The seed of the choice.</param>
    /// <returns>The nodes, in ordinal order.</returns>
    /// <exception cref="FedJobException">Fewer nodes than wanted have a weight above 0 (<see cref="FedJobErrorCode.OptionsInvalid"/>).</exception>
    public static IReadOnlyList<string> Draw(string sampler, IReadOnlyList<KeyValuePair<string, double>> weights, int count, int seed)
    {
        List<KeyValuePair<string, double>> left = [.. weights.Where(w => w.Value > 0)];
        if (left.Count < count)
        {
            throw new FedJobException(
                FedJobErrorCode.OptionsInvalid,
                $"{sampler} is to choose {count} node(s), and there are {left.Count} to choose from. Sample fewer, or wait for more with RunOptions.MinimumAvailableNodes.");
        }

        Random random = Generator(seed);
        var chosen = new List<string>(count);
        while (chosen.Count < count)
        {
            int index = IndexAt(left, random.NextDouble() * left.Sum(w => w.Value));
            chosen.Add(left[index].Key);
            left.RemoveAt(index);
        }

        chosen.Sort(StringComparer.Ordinal);
        return chosen;
    }

    /// <summary>Draws nodes without replacement, all alike.</summary>
    public static IReadOnlyList<string> Draw(string sampler, IReadOnlyList<string> nodes, int count, int seed) =>
        Draw(sampler, [.. nodes.Select(n => KeyValuePair.Create(n, 1.0))], count, seed);

    private static int IndexAt(List<KeyValuePair<string, double>> weights, double point)
    {
        for (int i = 0; i < weights.Count - 1; i++)
        {
            point -= weights[i].Value;
            if (point < 0)
            {
                return i;
            }
        }

        return weights.Count - 1;
    }

    /// <summary>The seeds of consecutive rounds are neighbours, whose first numbers resemble each other: a hash parts them.</summary>
    private static Random Generator(int seed)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, seed);
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(bytes)));
    }
}

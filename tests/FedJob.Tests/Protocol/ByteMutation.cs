namespace FedJob.Tests.Protocol;

/// <summary>Spoils bytes in one to three places: other bytes, lengths that lie, cuts, repetitions, other inputs inside.</summary>
internal static class ByteMutation
{
    /// <summary>A mutated copy.</summary>
    /// <param name="file">What is mutated.</param>
    /// <param name="files">What may be put inside.</param>
    /// <param name="random">The seeded chance.</param>
    public static byte[] Of(byte[] file, IReadOnlyList<byte[]> files, Random random)
    {
        byte[] lie = [(byte)random.Next(0xC1, 0xE0), 0xFF, 0xFF, 0xFF, (byte)random.Next(256)];
        List<byte> bytes = [.. file];
        for (int edits = random.Next(1, 4); edits > 0 && bytes.Count > 0; edits--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes[at]++;
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                    break;
                case 6:
                    bytes.InsertRange(at, lie.Take(random.Next(1, 6)));
                    break;
                default:
                    byte[] other = files[random.Next(files.Count)];
                    bytes.InsertRange(at, other.Length < 3000 ? other : []);
                    break;
            }
        }

        return [.. bytes];
    }
}

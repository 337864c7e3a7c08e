using CsCheck;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>Whatever bytes come: a value or a typed refusal, in bounded memory and time.</summary>
public sealed class MutatedFilePropertyTests
{
    private const int MutationsPerFile = 150;
    private const int MemoryFloor = 1 << 18;

    [Fact]
    [Trait("input", "10")]
    public void Read_MutatedCaptures_GiveAValueOrATypedRefusal()
    {
        var random = new Random(20261122);
        IReadOnlyList<byte[]> files = Fixtures.AllParameterFiles();
        int refused = 0;
        int read = 0;
        foreach (byte[] file in files)
        {
            int mutations = file.Length > 10_000 ? 10 : MutationsPerFile;
            for (int i = 0; i < mutations; i++)
            {
                byte[] mutated = Mutate(file, files, random);
                if (TryRead(mutated) is { } value)
                {
                    AssertStable(value);
                    read++;
                }
                else
                {
                    refused++;
                }
            }
        }

        Assert.True(refused > 1000 && read > 1000, $"{refused} refused, {read} read: the mutations no longer try both");
    }

    [Fact]
    [Trait("input", "10")]
    public void OpenTyped_MutatedCaptures_GiveAValueOrATypedRefusal()
    {
        var random = new Random(4500);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fedjob-mutated-");
        try
        {
            string path = Path.Combine(folder.FullName, "mutated.mpk");
            IReadOnlyList<byte[]> files = Fixtures.AllParameterFiles();
            foreach (byte[] file in files.Where(f => f.Length is > 300 and < 3000))
            {
                for (int i = 0; i < 20; i++)
                {
                    File.WriteAllBytes(path, Mutate(file, files, random));
                    Assert.True(Record.Exception(() => NodeParametersFile.Open(path).Dispose()) is null or ParameterFormatException);
                    Assert.True(Record.Exception(() => AggregatedParametersFile.Open(path).Dispose()) is null or ParameterFormatException);
                    Assert.True(Record.Exception(() => TensorMapFile.Open(path).Dispose()) is null or ParameterFormatException);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void ToArray_AnyTree_IsReadBackToTheSameBytes() =>
        Trees(0).Sample(AssertStable, iter: 3000, seed: "0000KOIPe037", threads: 1);

    private static ParameterValue? TryRead(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            return ParameterFileReader.Read(bytes);
        }
        catch (ParameterFormatException e)
        {
            Assert.InRange(Assert.NotNull(e.Offset), 0, bytes.Length);
            return null;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (10L * bytes.Length) + MemoryFloor);
        }
    }

    /// <summary>What was read can be written, and what was written is read to the same again.</summary>
    private static void AssertStable(ParameterValue value)
    {
        byte[] written = ParameterFileWriter.ToArray(value);
        Assert.Equal(written, ParameterFileWriter.ToArray(ParameterFileReader.Read(written)));
    }

    private static byte[] Mutate(byte[] file, IReadOnlyList<byte[]> files, Random random)
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

    private static Gen<ParameterValue> Trees(int depth)
    {
        Gen<ParameterValue> leaf = Gen.OneOf<ParameterValue>(
            Gen.Const<ParameterValue>(ParameterNil.Instance),
            Gen.Bool.Select(b => (ParameterValue)new ParameterBoolean(b)),
            Gen.Long.Select(n => (ParameterValue)new ParameterInteger(n)),
            Gen.Byte.Array[9, 300].Select(b => ParameterInteger.From(new System.Numerics.BigInteger(b, isUnsigned: true))),
            Gen.Double.Select(d => (ParameterValue)new ParameterFloat(d)),
            Gen.String.Where(s => !s.Any(char.IsSurrogate)).Select(s => (ParameterValue)new ParameterText(s)),
            Gen.Byte.Array[0, 300].Select(b => (ParameterValue)new ParameterBytes(b)),
            Gen.Float.Select(f => (ParameterValue)ParameterScalar.Create(f)),
            Gen.Select(Gen.Double.Array[0, 40], Gen.Bool, (values, torch) => (ParameterValue)new ParameterTensorValue(
                ParameterTensor.FromMemory<double>(values, [values.Length, 1], torch ? TensorKind.TorchTensor : TensorKind.NumPyArray))));
        if (depth == 4)
        {
            return leaf;
        }

        Gen<ParameterValue[]> children = Trees(depth + 1).Array[0, 6];
        return Gen.Frequency(
            (3, leaf),
            (1, children.Select(c => (ParameterValue)new ParameterList(c))),
            (1, children.Select(c => (ParameterValue)new ParameterTuple(c))),
            (1, children.Select(c => (ParameterValue)ParameterMap.Create(c.Select((v, i) => KeyValuePair.Create("key" + i, v))))));
    }
}

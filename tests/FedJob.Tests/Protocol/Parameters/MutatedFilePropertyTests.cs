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
                byte[] mutated = ByteMutation.Of(file, files, random);
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
                    byte[] mutated = ByteMutation.Of(file, files, random);
                    File.WriteAllBytes(path, mutated);
                    AssertBounded(mutated.Length, () => NodeParametersFile.Open(path).Dispose());
                    AssertBounded(mutated.Length, () => AggregatedParametersFile.Open(path).Dispose());
                    AssertBounded(mutated.Length, () => TensorMapFile.Open(path).Dispose());
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

    private static void AssertBounded(int length, Action open)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception? refusal = Record.Exception(open);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(refusal is null or ParameterFormatException, refusal?.ToString());
        Assert.InRange(allocated, 0, (10L * length) + MemoryFloor);
    }

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

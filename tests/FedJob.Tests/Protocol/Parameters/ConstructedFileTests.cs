using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Tests.Captures;
using MessagePack;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>
/// Files that the project's captures lack, written here after the protocol without FedJob's writer: read to their values, and written back
/// byte for byte.
/// </summary>
public sealed class ConstructedFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-constructed-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task NodeFile_Encrypted_IsReadAndWrittenBack()
    {
        var random = new Random(2048);
        BigInteger[] ciphers = [.. Enumerable.Range(0, 40).Select(_ => BigInteger.One << 2047 | Random(random, 255))];
        BigInteger[] factors = [.. Enumerable.Range(0, 2).Select(_ => BigInteger.One << 2046 | Random(random, 200))];
        string path = Write(w =>
        {
            w.Map(9);
            w.Key("optim_aux_var").Map(0).Key("encrypted").Bool(true).Key("encryption_factor").Integers(factors)
                .Key("researcher_id").Text("researcher_1.17").Key("job_id").Text("job_1").Key("state_id").Text("node_state_1")
                .Key("model_weights").Integers(ciphers).Key("node_id").Text("node_1").Key("optimizer_args").Map(1).Key("lr").Float(0.1);
        });

        using NodeParametersFile file = NodeParametersFile.Open(path);

        Assert.True(file.Encrypted);
        Assert.Equal(ciphers, file.EncryptedParameters);
        Assert.Equal(factors, file.EncryptionFactor);
        Assert.Empty(file.Parameters);
        Assert.Equal(0.1, (double)file.OptimizerArgs["lr"]!);
        await AssertWrittenBackAsync(path);
    }

    [Fact]
    public async Task NodeFile_AuxiliaryVariables_AreReadAndWrittenBack()
    {
        string path = Write(w => w.Map(8)
            .Key("optim_aux_var").Map(1).Key("scaffold").Map(2)
            .Key("state").Map(2).Key("__type__").Text("Vector").Key("value").Map(2).Key("fc.weight").Torch([1, -2, 3], 3).Key("fc.bias").Torch([0.5f], 1)
            .Key("steps").Integer(6)
            .Key("encrypted").Bool(false).Key("researcher_id").Text("r").Key("job_id").Text("j").Key("state_id").Nil()
            .Key("model_weights").Map(1).Key("fc.weight").Torch([4, 5, 6], 3)
            .Key("node_id").Text("n").Key("optimizer_args").Map(1).Key("lr").Map(1).Key("fc.weight").Float(0.1));

        using NodeParametersFile file = NodeParametersFile.Open(path);

        Assert.True(file.AuxiliaryVariables.TryGetValue("scaffold", out ParameterValue? module));
        var states = Assert.IsType<ParameterMap>(module);
        Assert.True(states.TryGetValue("state", out ParameterValue? state));
        Assert.Equal([1f, -2f, 3f], Coefficient(state, "fc.weight"));
        Assert.Equal([0.5f], Coefficient(state, "fc.bias"));
        Assert.True(states.TryGetValue("steps", out ParameterValue? steps));
        Assert.Equal(new ParameterInteger(6), steps);
        Assert.Equal(0.1, (double)file.OptimizerArgs["lr"]!["fc.weight"]!);
        await AssertWrittenBackAsync(path);
    }

    [Fact]
    public async Task AuxiliaryVariablesToANode_AreReadAndWrittenBack()
    {
        string path = Write(w => w.Map(2)
            .Key("scaffold").Map(1).Key("delta").Map(2).Key("__type__").Text("Vector").Key("value").Map(1).Key("fc.weight").Torch([7, 8], 2)
            .Key("momentum").Map(0));

        using ParameterFile file = ParameterFileReader.Open(path);

        var modules = Assert.IsType<ParameterMap>(file.Value);
        Assert.True(modules.TryGetValue("scaffold", out ParameterValue? module));
        Assert.True(Assert.IsType<ParameterMap>(module).TryGetValue("delta", out ParameterValue? delta));
        Assert.Equal([7f, 8f], Coefficient(delta, "fc.weight"));
        await AssertWrittenBackAsync(path);
    }

    [Fact]
    public async Task NestedMap_KeysOfAnyType_IsReadAndWrittenBack()
    {
        string path = Write(w =>
        {
            w.Map(6);
            w.Integer(-1).Map(2).Bool(true).Text("true").Nil().Integer(0);
            w.Float(2.5).Map(1).Key("").Nil();
            w.Key("text").Map(1).Integer(1_000_000_007).Map(1).Integer(3).Float(-0.0);
            w.Bool(false).Text("false");
            w.Map(2).Key("__type__").Text("tuple").Key("value").List(2).Integer(1).Text("a").Text("under a tuple");
            w.Bytes([0, 255]).Bytes([]);
        });

        using ParameterFile file = ParameterFileReader.Open(path);

        var map = Assert.IsType<ParameterMap>(file.Value);
        Assert.Equal(
            [typeof(ParameterInteger), typeof(ParameterFloat), typeof(ParameterText), typeof(ParameterBoolean), typeof(ParameterTuple), typeof(ParameterBytes)],
            map.Entries.Select(e => e.Key.GetType()));
        Assert.Equal(
            [typeof(ParameterBoolean), typeof(ParameterNil)], Assert.IsType<ParameterMap>(map.Entries[0].Value).Entries.Select(e => e.Key.GetType()));
        await AssertWrittenBackAsync(path);
    }

    [Fact]
    public async Task AggregatorCorrection_MapOfTorchTensors_IsReadAndWrittenBack()
    {
        string path = Write(w => w.Map(2).Key("fc1.weight").Torch([1, 2, 3, 4, 5, 6], 2, 3).Key("fc1.bias").Torch([], 0));

        using ModelParameters corrections = TensorMapFile.Open(path);

        Assert.Equal(["fc1.weight", "fc1.bias"], corrections.Names);
        Assert.All(corrections, c => Assert.Equal(TensorKind.TorchTensor, c.Value.Kind));
        Assert.Equal([2L, 3L], corrections["fc1.weight"].Shape);
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], corrections["fc1.weight"].AsSpan<float>().ToArray());
        await AssertWrittenBackAsync(path);
    }

    private static BigInteger Random(Random random, int bytes)
    {
        byte[] digits = new byte[bytes];
        random.NextBytes(digits);
        return new BigInteger(digits, isUnsigned: true);
    }

    private static float[] Coefficient(ParameterValue vector, string name)
    {
        Assert.True(Assert.IsType<ParameterVector>(vector).Coefficients.TryGetValue(name, out ParameterValue? value));
        return Assert.IsType<ParameterTensorValue>(value).Tensor.AsSpan<float>().ToArray();
    }

    private async Task AssertWrittenBackAsync(string path)
    {
        WrittenFile copy = await CapturedParameterFile.RewriteAsync(
            path, Path.Combine(_folder.FullName, "copy.mpk"), TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy.Path));
    }

    private string Write(Action<PythonPacker> write)
    {
        var packer = new PythonPacker();
        write(packer);
        string path = Path.Combine(_folder.FullName, "made.mpk");
        File.WriteAllBytes(path, packer.ToArray());
        return path;
    }

    /// <summary>MessagePack as Python's packer writes it.</summary>
    private sealed class PythonPacker
    {
        private readonly ArrayBufferWriter<byte> _buffer = new();

        public PythonPacker Key(string name) => Text(name);

        public PythonPacker Map(int count) => Add((ref MessagePackWriter w) => w.WriteMapHeader(count));

        public PythonPacker List(int count) => Add((ref MessagePackWriter w) => w.WriteArrayHeader(count));

        public PythonPacker Text(string text) => Add((ref MessagePackWriter w) => w.Write(text));

        public PythonPacker Integer(long number) => Add((ref MessagePackWriter w) => w.Write(number));

        public PythonPacker Float(double number) => Add((ref MessagePackWriter w) => w.Write(number));

        public PythonPacker Bool(bool truth) => Add((ref MessagePackWriter w) => w.Write(truth));

        public PythonPacker Nil() => Add((ref MessagePackWriter w) => w.WriteNil());

        public PythonPacker Bytes(byte[] bytes) => Add((ref MessagePackWriter w) => w.Write(bytes));

        public PythonPacker Integers(BigInteger[] numbers)
        {
            List(numbers.Length);
            foreach (BigInteger number in numbers)
            {
                Map(2).Key("__type__").Text("int").Key("value").Bytes(number.ToByteArray(isUnsigned: true, isBigEndian: true));
            }

            return this;
        }

        public PythonPacker Torch(float[] values, params long[] shape)
        {
            byte[] bytes = new byte[4 * values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
            }

            Map(2).Key("__type__").Text("torch.Tensor").Key("value").List(3).Bytes(bytes).Text("float32").List(shape.Length);
            Array.ForEach(shape, dimension => Integer(dimension));
            return this;
        }

        public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

        private PythonPacker Add(Write write)
        {
            var writer = new MessagePackWriter(_buffer);
            write(ref writer);
            writer.Flush();
            return this;
        }

        private delegate void Write(ref MessagePackWriter writer);
    }
}

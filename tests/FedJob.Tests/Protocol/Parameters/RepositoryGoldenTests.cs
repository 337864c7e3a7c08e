using System.Security.Cryptography;
using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>
/// Every file that captured jobs exchanged: opened by the class it belongs to, its content as the manifest tells, written back byte for
/// byte.
/// </summary>
public sealed class RepositoryGoldenTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-golden-");

    public static TheoryData<string, string> ParameterFiles
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach ((string manifest, string name) in Fixtures.RepositoryFiles())
            {
                if (name.EndsWith(".mpk", StringComparison.Ordinal))
                {
                    data.Add(manifest, name);
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ParameterFiles))]
    public async Task Open_CapturedFile_IsAsTheManifestTellsAndWrittenBackByteForByte(string manifest, string name)
    {
        string path = Path.Combine(Fixtures.Directory(manifest), name);
        JsonElement listed = Fixtures.Load(manifest).GetProperty(name);
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal(listed.GetProperty("size").GetInt64(), bytes.Length);
        Assert.Equal(listed.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        using (ParameterFile file = ParameterFileReader.Open(path))
        {
            if (listed.TryGetProperty("content", out JsonElement content))
            {
                AssertContent(content, file.Value);
            }

            Assert.Equal(bytes, ParameterFileWriter.ToArray(file.Value));
        }

        WrittenFile copy = await RewriteAsync(path, Path.Combine(_folder.FullName, "copy.mpk"));

        Assert.Equal(bytes, File.ReadAllBytes(copy.Path));
        Assert.Equal(bytes.Length, copy.Length);
        Assert.Equal(Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(bytes)), copy.Digest.Hex);
    }

    private static async Task<WrittenFile> RewriteAsync(string path, string copy)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using ParameterFile file = ParameterFileReader.Open(path);
        ParameterMap fields = Assert.IsType<ParameterMap>(file.Value);
        if (fields.TryGetValue("node_id", out _))
        {
            using NodeParametersFile node = NodeParametersFile.Open(path);
            Assert.Equal(fields.TryGetValue("encryption_factor", out _), node.Encrypted);
            return await node.WriteAsync(copy, token);
        }

        if (fields.TryGetValue("model_weights", out _))
        {
            Assert.True(fields.TryGetValue("researcher_id", out ParameterValue? researcher));
            using ModelParameters parameters = AggregatedParametersFile.Open(path);
            return await AggregatedParametersFile.WriteAsync(copy, Assert.IsType<ParameterText>(researcher).Value, parameters, token);
        }

        if (fields.Entries.All(e => e.Value is ParameterTensorValue))
        {
            using ModelParameters tensors = TensorMapFile.Open(path);
            return await TensorMapFile.WriteAsync(copy, tensors, token);
        }

        return await ParameterFileWriter.WriteAsync(copy, file.Value, token);
    }

    private static void AssertContent(JsonElement expected, ParameterValue actual)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                ParameterMap map = actual as ParameterMap ?? Assert.IsType<ParameterVector>(actual).Coefficients;
                JsonProperty[] properties = [.. expected.EnumerateObject()];
                Assert.Equal(properties.Length, map.Count);
                Assert.All(properties, p =>
                {
                    Assert.True(map.TryGetValue(p.Name, out ParameterValue? value), p.Name);
                    AssertContent(p.Value, value);
                });
                break;
            case JsonValueKind.Array when actual is ParameterList list && list.Items.Count == expected.GetArrayLength():
                Assert.All(list.Items.Index(), i => AssertContent(expected[i.Index], i.Item));
                break;
            case JsonValueKind.True or JsonValueKind.False:
                Assert.Equal(expected.GetBoolean(), Assert.IsType<ParameterBoolean>(actual).Value);
                break;
            case JsonValueKind.Null:
                Assert.IsType<ParameterNil>(actual);
                break;
            case JsonValueKind.Number when actual is ParameterFloat number:
                Assert.Equal(expected.GetDouble(), number.Value);
                break;
            case JsonValueKind.Number when actual is ParameterInteger number:
                Assert.Equal(expected.GetInt64(), number.Value);
                break;
            case JsonValueKind.String when actual is ParameterText text:
                Assert.Equal(expected.GetString(), text.Value);
                break;
            case JsonValueKind.String when actual is ParameterTensorValue { Tensor: { } tensor }:
                string type = tensor.ElementType.ToString().ToLowerInvariant();
                string kind = tensor.Kind == TensorKind.TorchTensor ? "torch.Tensor torch." : "np.ndarray ";
                Assert.Equal($"{kind}{type} [{string.Join(", ", tensor.Shape)}]", expected.GetString());
                break;
            default:
                // Long or special values are only described in the manifest; their bytes are compared anyway.
                Assert.True(
                    actual is ParameterList or ParameterBigInteger or ParameterVector or ParameterScalar or ParameterTuple,
                    expected.ToString());
                break;
        }
    }
}

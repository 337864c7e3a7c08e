using System.Security.Cryptography;
using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Tests.Captures;

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

        WrittenFile copy = await CapturedParameterFile.RewriteAsync(
            path, Path.Combine(_folder.FullName, "copy.mpk"), TestContext.Current.CancellationToken);

        Assert.Equal(bytes, File.ReadAllBytes(copy.Path));
        Assert.Equal(bytes.Length, copy.Length);
        Assert.Equal(Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(bytes)), copy.Digest.Hex);
    }

    private static void AssertContent(JsonElement expected, ParameterValue actual)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                ParameterMap map = actual as ParameterMap ?? Assert.IsType<ParameterVector>(actual).Coefficients;
                JsonProperty[] properties = [.. expected.EnumerateObject()];
                if (actual is ParameterVector && properties.Length != map.Count)
                {
                    break; // described in another form; the bytes are compared anyway
                }

                Assert.Equal(properties.Length, map.Count);
                for (int i = 0; i < properties.Length; i++)
                {
                    // keys of other types than text have become texts in the manifest, in the same order
                    ParameterValue? value = map.Entries[i].Value;
                    Assert.True(map.Entries[i].Key is not ParameterText || map.TryGetValue(properties[i].Name, out value), properties[i].Name);
                    AssertContent(properties[i].Value, value!);
                }

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
                Assert.Equal(expected.GetRawText(), number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case JsonValueKind.String when actual is ParameterText text:
                Assert.Equal(expected.GetString(), text.Value);
                break;
            case JsonValueKind.String when actual is ParameterTensorValue { Tensor: { } tensor }:
                string type = tensor.ElementType.ToString().ToLowerInvariant();
                string kind = tensor.Kind == TensorKind.TorchTensor ? "torch.Tensor torch." : "np.ndarray ";
                string shape = $"[{string.Join(", ", tensor.Shape)}]";
                Assert.Equal($"{kind}{type} {shape}", expected.GetString());
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

using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>The emulator does with every malformed message what a real node did with it.</summary>
public sealed class NodeEmulatorGoldenTests
{
    private static readonly string[] Names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];
    private static readonly long[][] Shapes = [[16, 30], [16], [2, 16], [2]];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Files() => [.. Directory.EnumerateFiles(Folder, "malformed_*.json").Select(f => Path.GetFileName(f)!)];

    private static string Folder
    {
        get
        {
            string further = Path.Combine(Environment.GetEnvironmentVariable("FEDJOB_FIXTURES") ?? "", "node-reactions");
            return Path.IsPathFullyQualified(further) && Directory.Exists(further)
                ? further
                : Path.Combine(AppContext.BaseDirectory, "Golden", "node-reactions");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Message_AsCaptured_AnsweredAsTheRealNodeDid(string file)
    {
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Folder, file), Token));
        using ModelParameters model = Model(TensorKind.TorchTensor, Shapes);
        var plan = new EmulatedPlan { ExpectedParameters = model, RequiredModelArgs = ["in_features", "out_features"], RequiredOptimizerArgs = ["lr"] };
        await using EmulatorBench bench = await EmulatorBench.StartAsync(plan);
        Dictionary<string, string> urls = await UploadAsync(bench);
        await bench.SendAsync("general/node_1", """
            {"protocol_version": "1", "researcher_id": "r", "secagg_id": "default_biprime0", "sequence": 1, "element": 1, "job_id": null,
             "parties": ["r", "node_1", "node_2"], "command": "secagg"}
            """);
        await bench.UntilPongAsync(replies: 1);
        var differences = new List<string>();
        foreach (JsonElement entry in document.RootElement.EnumerateArray())
        {
            string name = entry.GetProperty("case").GetString()!;
            await bench.SendAsync(entry.GetProperty("topic").GetString()!, Payload(entry.GetProperty("sent"), urls, bench));
            if (!entry.GetProperty("answers_ping_after").GetBoolean())
            {
                await bench.Node.Deaf.WaitAsync(TestTimeouts.Default, Token);
                await bench.SendAsync("general/node_1", EmulatorBench.Ping(1));
                continue;
            }

            string[] expected = [.. entry.GetProperty("received").EnumerateArray().Where(r => r.GetProperty("topic").GetString() == "general/researcher")
                .Select(r => Gist(r.GetProperty("payload")))];

            // Two requests at once: the capture has both replies in its second entry.
            if (name == "same train request twice at once")
            {
                continue;
            }

            string[] said = [.. (await bench.UntilPongAsync(expected.Length)).Select(Gist)];
            if (!expected.SequenceEqual(said))
            {
                differences.Add($"{name}: expected {string.Join(" + ", expected)}, got {string.Join(" + ", said)}");
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    /// <summary>Command, outcome, whom it goes to, number, text up to what depends on Python's insides, and the names of all fields.</summary>
    private static string Gist(JsonElement message)
    {
        string Value(string name) => message.TryGetProperty(name, out JsonElement value) ? value.ToString() : "-";
        string text = Value("msg") + Value("extra_msg");
        int inner = text.IndexOf("Error(", StringComparison.Ordinal);
        int identity = text.IndexOf("downloading file", StringComparison.Ordinal);
        int cut = new[] { inner < 0 ? text.Length : inner, identity < 0 ? text.Length : identity }.Min();
        if (text.StartsWith("Cannot init", StringComparison.Ordinal))
        {
            cut = text.IndexOf(':', StringComparison.Ordinal);
        }

        return string.Join('|', Value("command"), Value("success"), Value("researcher_id"), Value("errnum"), Value("sample_size"), Value("dataset_id"),
            Regex.Replace(text[..cut], "http://[^/]+", ""),
            string.Join(',', message.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)));
    }

    private static byte[] Payload(JsonElement sent, Dictionary<string, string> urls, EmulatorBench bench)
    {
        if (sent.ValueKind == JsonValueKind.String)
        {
            // The capture shows raw bytes as Python's repr.
            string shown = sent.GetString()!;
            return shown.StartsWith("b'", StringComparison.Ordinal) ? [0xFF, 0xFE] : Encoding.UTF8.GetBytes(shown.Trim('\''));
        }

        string text = sent.GetRawText();
        foreach ((string name, string url) in urls)
        {
            int at = text.IndexOf(name, StringComparison.Ordinal);
            if (at >= 0)
            {
                int start = text.LastIndexOf('"', at) + 1;
                bool localhost = text.AsSpan(start).StartsWith("http://localhost", StringComparison.Ordinal);
                string there = localhost ? url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) : url;
                text = text[..start] + there + text[text.IndexOf('"', at)..];
            }
        }

        return Encoding.UTF8.GetBytes(text.Replace("127.0.0.1:18844", bench.Repository.Address.Authority, StringComparison.Ordinal));
    }

    private static async Task<Dictionary<string, string>> UploadAsync(EmulatorBench bench)
    {
        byte[] plan = "class BcTorchPlan:\n    pass\n"u8.ToArray();
        long[][] other = [[2], [16], [2, 16], [2]];
        ParameterMap Weights(ModelParameters parameters) =>
            ParameterMap.Create([new("model_weights", ModelWeights.ToMap(parameters))]);
        using ModelParameters torch = Model(TensorKind.TorchTensor, Shapes);
        using ModelParameters numpy = Model(TensorKind.NumPyArray, Shapes);
        using ModelParameters wrong = Model(TensorKind.TorchTensor, other);
        using var missing = new ModelParameters(torch.Take(3));
        using var extra = new ModelParameters([.. torch, new("more", torch["fc2.bias"])]);
        byte[] good = ParameterFileWriter.ToArray(Weights(torch));
        (string Name, byte[] Content)[] files =
        [
            ("aggregated_params", good), ("f64.mpk", good), ("only.mpk", good), ("my_model_", plan),
            ("nd.mpk", ParameterFileWriter.ToArray(Weights(numpy))), ("badshape.mpk", ParameterFileWriter.ToArray(Weights(wrong))),
            ("miss.mpk", ParameterFileWriter.ToArray(Weights(missing))), ("xtra.mpk", ParameterFileWriter.ToArray(Weights(extra))),
            ("noweights.mpk", ParameterFileWriter.ToArray(ParameterMap.Create([new("researcher_id", new ParameterText("r"))]))),
            ("empty.mpk", [0]), ("garbage.mpk", "this is not msgpack at all"u8.ToArray()),
            ("bad.py", "this is { not python"u8.ToArray()), ("bad2.py", "this is { not python"u8.ToArray()),
            ("boom.py", "raise RuntimeError('boom at import')\n"u8.ToArray()),
        ];
        var urls = new Dictionary<string, string>();
        foreach ((string name, byte[] content) in files)
        {
            urls["/" + name] = await bench.UploadAsync(content, name.Contains('.', StringComparison.Ordinal) ? name : name + "x");
        }

        return urls;
    }

    private static ModelParameters Model(TensorKind kind, long[][] shapes) => new(Names.Zip(shapes).Select(p => KeyValuePair.Create(
        p.First, ParameterTensor.FromMemory<float>(new float[p.Second.Aggregate(1L, (a, b) => a * b)], p.Second, kind))));
}

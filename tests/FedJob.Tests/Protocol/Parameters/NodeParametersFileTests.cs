using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class NodeParametersFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-node-");

    public static TheoryData<string> Fields =>
        ["optim_aux_var", "encrypted", "researcher_id", "job_id", "state_id", "model_weights", "node_id", "optimizer_args"];

    private string FilePath => Path.Combine(_folder.FullName, "node.mpk");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task WriteAsync_ThenOpen_GivesEverythingBack()
    {
        var vector = ParameterVector.From(Wire.Model());
        var file = new NodeParametersFile
        {
            ResearcherId = "researcher.17",
            JobId = "job",
            StateId = null,
            NodeId = "node",
            Parameters = Wire.Model(),
            OptimizerArgs = new JsonObject
            {
                ["lr"] = 1.0,
                ["steps"] = 3,
                ["nesterov"] = true,
                ["betas"] = new JsonArray(0.9, 1.0),
                ["name"] = "x",
                ["none"] = null,
            },
            AuxiliaryVariables = Wire.Map(("scaffold", Wire.Map(("state", vector)))),
        };
        await file.WriteAsync(FilePath, TestContext.Current.CancellationToken);

        using NodeParametersFile read = NodeParametersFile.Open(FilePath);

        Assert.Equal(("researcher.17", "job", null, "node"), (read.ResearcherId, read.JobId, read.StateId, read.NodeId));
        Assert.Null(read.Parameters.DescribeDifference(file.Parameters));
        Assert.All(read.Parameters, t => Assert.Equal(TensorKind.TorchTensor, t.Value.Kind));
        Assert.Equal(1.0, Assert.IsType<double>(read.OptimizerArgs["lr"]!.GetValue<object>()));
        Assert.Equal(3L, Assert.IsType<long>(read.OptimizerArgs["steps"]!.GetValue<object>()));
        Assert.IsType<double>(read.OptimizerArgs["betas"]![1]!.GetValue<object>());
        Assert.True(read.OptimizerArgs["nesterov"]!.GetValue<bool>());
        Assert.True(read.OptimizerArgs.ContainsKey("none"));
        Assert.True(read.AuxiliaryVariables.TryGetValue("scaffold", out ParameterValue? module));
        Assert.True(((ParameterMap)module).TryGetValue("state", out ParameterValue? state));
        Assert.True(Assert.IsType<ParameterVector>(state).Coefficients.TryGetValue("bias", out ParameterValue? bias));
        Assert.Equal([0.5f, -0.5f], ((ParameterTensorValue)bias).Tensor.AsSpan<float>().ToArray());
        Assert.False(read.Encrypted);
    }

    [Theory]
    [InlineData("parsed")]
    [InlineData("deserialized")]
    [InlineData("cloned")]
    [InlineData("built")]
    public async Task WriteAsync_OptimizerArgsFromAnywhere_KeepFloatsFloatsAndIntegersIntegers(string origin)
    {
        const string Json = """{"lr":1.0,"n":1,"big":18446744073709551615,"e":1e3,"b":true,"s":"x","o":{"k":[1,2.5,null]}}""";
        JsonObject built = new()
        {
            ["lr"] = 1.0f,
            ["n"] = (short)1,
            ["big"] = ulong.MaxValue,
            ["e"] = 1000m,
            ["b"] = true,
            ["s"] = "x",
            ["o"] = new JsonObject { ["k"] = new JsonArray(1, 2.5, null) },
        };
        JsonObject args = origin switch
        {
            "parsed" => JsonNode.Parse(Json)!.AsObject(),
            "deserialized" => JsonSerializer.Deserialize<JsonObject>(Json)!,
            "cloned" => built.DeepClone().AsObject(),
            _ => built,
        };
        var file = new NodeParametersFile
        {
            ResearcherId = "r",
            JobId = "j",
            StateId = "s",
            NodeId = "n",
            Parameters = [],
            OptimizerArgs = args,
        };
        await file.WriteAsync(FilePath, TestContext.Current.CancellationToken);

        using ParameterFile read = ParameterFileReader.Open(FilePath);

        Assert.True(((ParameterMap)read.Value).TryGetValue("optimizer_args", out ParameterValue? value));
        Assert.Equal(
            Wire.Map(
                ("lr", new ParameterFloat(1)),
                ("n", new ParameterInteger(1)),
                ("big", new ParameterBigInteger(ulong.MaxValue)),
                ("e", new ParameterFloat(1000)),
                ("b", new ParameterBoolean(true)),
                ("s", new ParameterText("x")),
                ("o", Wire.Map(("k", new ParameterList([new ParameterInteger(1), new ParameterFloat(2.5), ParameterNil.Instance]))))),
            value);
    }

    [Fact]
    public async Task WriteAsync_EncryptedParameters_AreListsOfBigIntegersInTheOriginalsOrder()
    {
        BigInteger cipher = (BigInteger.One << 2047) + 12345;
        var file = new NodeParametersFile
        {
            ResearcherId = "r",
            JobId = "j",
            StateId = "s",
            NodeId = "n",
            Parameters = [],
            EncryptedParameters = [cipher, 7, ulong.MaxValue],
            EncryptionFactor = [cipher + 1],
        };
        await file.WriteAsync(FilePath, TestContext.Current.CancellationToken);

        using NodeParametersFile read = NodeParametersFile.Open(FilePath);
        using ParameterFile raw = ParameterFileReader.Open(FilePath);

        Assert.True(read.Encrypted);
        Assert.Empty(read.Parameters);
        Assert.Equal([cipher, 7, ulong.MaxValue], read.EncryptedParameters);
        Assert.Equal([cipher + 1], read.EncryptionFactor);
        Assert.Equal(
            "optim_aux_var encrypted encryption_factor researcher_id job_id state_id model_weights node_id optimizer_args",
            string.Join(' ', ((ParameterMap)raw.Value).Entries.Select(e => ((ParameterText)e.Key).Value)));
    }

    [Fact]
    public async Task WriteAsync_ContradictingParameters_AreRefusedBeforeWriting()
    {
        var file = new NodeParametersFile { ResearcherId = "r", JobId = "j", StateId = "s", NodeId = "n", Parameters = Wire.Model() };
        CancellationToken token = TestContext.Current.CancellationToken;

        await Assert.ThrowsAsync<InvalidOperationException>(() => (file with { EncryptedParameters = [1] }).WriteAsync(FilePath, token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => (file with { EncryptionFactor = [1] }).WriteAsync(FilePath, token));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => (file with { EncryptedParameters = [1], EncryptionFactor = [1] }).WriteAsync(FilePath, token));
        Assert.False(File.Exists(FilePath));
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void Open_FieldMissing_IsRefusedNamingIt(string field) =>
        Refused(Without(field), $"has no field '{field}'");

    [Theory]
    [MemberData(nameof(Fields))]
    public void Open_FieldOfTheWrongType_IsRefusedNamingIt(string field) =>
        Refused(With(field, new ParameterInteger(5)), $"The field '{field}'", "got the int 5");

    [Fact]
    public void Open_ContentThatIsNoNodeFile_IsRefusedNamingTheField()
    {
        ParameterValue one = new ParameterInteger(1);
        Refused(With("extra", one), "unknown field 'extra'");
        Refused(new ParameterList([one]), "expected a map with named fields");
        Refused(With("encryption_factor", new ParameterList([one])), "'encryption_factor'", "'encrypted' is False");
        Refused(With("encrypted", new ParameterBoolean(true)), "has no field 'encryption_factor'");
        Refused(With("model_weights", Wire.Map(("fc1", Wire.Map(("w", one))))), "'model_weights.fc1'", "np.ndarray or torch.Tensor");
        Refused(With("model_weights", Wire.Map(("", one))), "'model_weights'", "non-empty names");
        Refused(With("optim_aux_var", Wire.Map(("scaffold", one))), "'optim_aux_var.scaffold'");
        Refused(With("optimizer_args", Wire.Map(("lr", new ParameterFloat(double.NaN)))), "'optimizer_args.lr'", "finite");
        var bytes = new ParameterList([new ParameterBytes(new byte[1])]);
        Refused(With("optimizer_args", Wire.Map(("a", bytes))), "'optimizer_args.a[0]'", "bytes");
        Refused(With("optimizer_args", new ParameterMap([new(one, one)])), "'optimizer_args'", "texts as keys");
    }

    [Theory]
    [InlineData("researcher_id", "../up")]
    [InlineData("job_id", "a/b")]
    [InlineData("state_id", "")]
    [InlineData("node_id", "node\0")]
    [Trait("input", "5")]
    public void Open_IdThatIsNone_IsRefusedNamingTheField(string field, string id)
    {
        Refused(With(field, new ParameterText(id)), $"The field '{field}'", "an id of 1 to 128");
        Refused(With(field, new ParameterText(new string('a', 129))), $"The field '{field}'", "aaa...'");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_CiphertextsThatAreNone_AreRefusedNamingTheField(bool factor)
    {
        var good = new ParameterList([new ParameterInteger(1)]);
        ParameterValue[] faults = [new ParameterList([]), Wire.Map(), new ParameterList([new ParameterInteger(-1)])];
        foreach (ParameterValue bad in faults)
        {
            ParameterMap map = With("encrypted", new ParameterBoolean(true));
            map = With("encryption_factor", factor ? bad : good, map);
            map = With("model_weights", factor ? good : bad, map);
            Refused(map, factor ? "'encryption_factor" : "'model_weights", "at least 0");
        }
    }

    [Fact]
    public async Task AggregatedOpen_WithoutWeights_IsRefusedAndOtherFieldsAreIgnored()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await ParameterFileWriter.WriteAsync(FilePath, Wire.Map(("researcher_id", new ParameterText("r"))), token);
        var refusal = Assert.Throws<ParameterFormatException>(() => AggregatedParametersFile.Open(FilePath));
        Assert.Contains("no field 'model_weights'", refusal.Message, StringComparison.Ordinal);

        var tensor = new ParameterTensorValue(ParameterTensor.FromArray(new double[2]));
        ParameterMap root = Wire.Map(("model_weights", Wire.Map(("coef_", tensor))), ("other", ParameterNil.Instance));
        await ParameterFileWriter.WriteAsync(FilePath, root, token);
        using ModelParameters read = AggregatedParametersFile.Open(FilePath);
        Assert.Equal(["coef_"], read.Names);
        Assert.Equal(TensorKind.NumPyArray, read["coef_"].Kind);
    }

    private static ParameterMap Whole() => Wire.Map(
        ("optim_aux_var", ParameterMap.Empty),
        ("encrypted", new ParameterBoolean(false)),
        ("researcher_id", new ParameterText("r")),
        ("job_id", new ParameterText("j")),
        ("state_id", new ParameterText("s")),
        ("model_weights", ParameterMap.Empty),
        ("node_id", new ParameterText("n")),
        ("optimizer_args", ParameterMap.Empty));

    private static ParameterMap Without(string field) => new(Whole().Entries.Where(e => e.Key != new ParameterText(field)));

    private static ParameterMap With(string field, ParameterValue value, ParameterMap? map = null) =>
        new((map ?? Whole()).Entries.Where(e => e.Key != new ParameterText(field)).Append(new(new ParameterText(field), value)));

    private void Refused(ParameterValue content, params string[] reasons)
    {
        File.WriteAllBytes(FilePath, ParameterFileWriter.ToArray(content));
        var refusal = Assert.Throws<ParameterFormatException>(() => NodeParametersFile.Open(FilePath));
        Assert.All(reasons, reason => Assert.Contains(reason, refusal.Message, StringComparison.Ordinal));
        File.Move(FilePath, FilePath + ".moved", overwrite: true);
    }
}

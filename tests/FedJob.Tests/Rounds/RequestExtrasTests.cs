using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Rounds;

/// <summary>Aggregator arguments and auxiliary variables on their way to nodes and back.</summary>
public sealed class RequestExtrasTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Fact]
    [Trait("seed", "17")]
    public async Task RunRoundAsync_Arguments_SmallOnesTravelInsideAndHeavyOnesAsFilesOfEachNode()
    {
        await using Job job = await _bench.CreateAsync();
        var arguments = new AggregatorArguments
        {
            Shared = new() { Values = new() { ["aggregator_name"] = "scaffold" } },
            PerNode = new Dictionary<string, NodeArguments>
            {
                ["node_1"] = new() { Files = Correction(1) },
                ["node_2"] = new() { Files = Correction(2) },
            },
        };

        await job.RunRoundAsync(new() { AggregatorArguments = arguments }, JobBench.Token);

        foreach (TrainRequest request in _bench.Sent)
        {
            Assert.Equal("scaffold", (string?)request.AggregatorArgs["aggregator_name"]);
            JsonObject file = request.AggregatorArgs["aggregator_correction"]!.AsObject();
            Assert.Equal("aggregator_correction", (string?)file["arg_name"]);
            Assert.Equal(((string?)file["filename"])!, Path.GetFileName((string?)file["filename"]));
        }

        float[] corrections = [.. _bench.Sent.OrderBy(r => r.AggregatorArgs.ToJsonString(), StringComparer.Ordinal)
            .Select(r => Tensors((string)r.AggregatorArgs["aggregator_correction"]!["url"]!)["w"].AsSpan<float>()[0]).Order()];
        Assert.Equal([1f, 2f], corrections);
    }

    [Fact]
    [Trait("seed", "20")]
    public async Task RunRoundAsync_SameTensorsForEveryNode_UploadedOnceAndTheCallersObjectsUntouched()
    {
        await using Job job = await _bench.CreateAsync();
        NodeArguments shared = new() { Values = new() { ["a"] = 1.5 }, Files = Correction(3) };
        string before = shared.Values.ToJsonString();
        int uploads = _bench.Files.UploadNames.Count;

        await job.RunRoundAsync(new() { AggregatorArguments = new() { Shared = shared } }, JobBench.Token);

        // One file of arguments, one of new parameters.
        Assert.Equal(uploads + 2, _bench.Files.UploadNames.Count);
        Assert.Single(_bench.Sent.Select(r => (string?)r.AggregatorArgs["aggregator_correction"]!["url"]).Distinct());
        Assert.Equal(before, shared.Values.ToJsonString());
        Assert.Equal(3f, shared.Files["aggregator_correction"]["w"].AsSpan<float>()[0]);
    }

    [Fact]
    [Trait("seed", "20")]
    public async Task RunRoundAsync_EqualTensorsInTwoObjectsAndRounds_UploadedOnce()
    {
        await using Job job = await _bench.CreateAsync();
        var arguments = new AggregatorArguments
        {
            PerNode = new Dictionary<string, NodeArguments>
            {
                ["node_1"] = new() { Files = Correction(3) },
                ["node_2"] = new() { Files = Correction(3) },
            },
        };

        await job.RunRoundAsync(new() { AggregatorArguments = arguments }, JobBench.Token);
        await job.RunRoundAsync(new() { AggregatorArguments = arguments }, JobBench.Token);

        Assert.Single(_bench.Sent.Select(r => (string?)r.AggregatorArgs["aggregator_correction"]!["url"]).Distinct());
        Assert.Single(_bench.Files.UploadNames, n => n.StartsWith("aggregator_correction", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("seed", "19")]
    public async Task RunRoundAsync_FilesOfArguments_NoLocalPathLeavesTheMachine()
    {
        await using Job job = await _bench.CreateAsync();

        await job.RunRoundAsync(new() { AggregatorArguments = new() { Shared = new() { Files = Correction(1) } } }, JobBench.Token);

        Assert.All(_bench.Sent, r => Assert.DoesNotContain(
            Path.GetFileName(_bench.WorkDirectory), System.Text.Encoding.UTF8.GetString(MessageWriter.Write(r)), StringComparison.Ordinal));
        Assert.All(_bench.Files.UploadNames, n => Assert.Equal(n, Path.GetFileName(n)));
    }

    [Fact]
    public async Task RunRoundAsync_ArgumentsOfAStrangerOrGivenTwice_RefusedBeforeAnythingIsSent()
    {
        await using Job job = await _bench.CreateAsync();
        var stranger = new AggregatorArguments { PerNode = new Dictionary<string, NodeArguments> { ["node_9"] = new() } };
        var twice = new AggregatorArguments { Shared = new() { Values = new() { ["aggregator_correction"] = 1.0 }, Files = Correction(1) } };

        ArgumentException first = await Assert.ThrowsAsync<ArgumentException>(() => job.RunRoundAsync(new() { AggregatorArguments = stranger }, JobBench.Token));
        ArgumentException second = await Assert.ThrowsAsync<ArgumentException>(() => job.RunRoundAsync(new() { AggregatorArguments = twice }, JobBench.Token));

        Assert.Contains("node_9", first.Message, StringComparison.Ordinal);
        Assert.Contains("aggregator_correction", second.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Sent);
    }

    [Fact]
    [Trait("seed", "16")]
    public async Task RunRoundAsync_VariablesPerNode_NobodyGetsAnothersAndWhoHasNoneGetsNone()
    {
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 3));
        var variables = new AuxiliaryVariables
        {
            PerNode = new Dictionary<string, IReadOnlyDictionary<string, ParameterMap>>
            {
                ["node_1"] = Module("scaffold", 1),
                ["node_2"] = Module("scaffold", 2),
            },
        };

        await job.RunRoundAsync(new() { AuxiliaryVariables = variables }, JobBench.Token);

        TrainRequest[] sent = [.. _bench.Sent];
        Assert.Single(sent, r => r.AuxiliaryVariableUrls is null);
        string[] urls = [.. sent.SelectMany(r => r.AuxiliaryVariableUrls ?? [])];
        Assert.Equal(2, urls.Distinct().Count());
        Assert.Equal([1.0, 2.0], urls.Select(u => DeltaOf(u, "scaffold")).Order());
    }

    [Fact]
    public async Task RunRoundAsync_VariablesSharedAndPerNode_EveryoneGetsTheSharedFileFirst()
    {
        await using Job job = await _bench.CreateAsync();
        var variables = new AuxiliaryVariables
        {
            Shared = Module("momentum", 5),
            PerNode = new Dictionary<string, IReadOnlyDictionary<string, ParameterMap>> { ["node_2"] = Module("scaffold", 2) },
        };

        await job.RunRoundAsync(new() { AuxiliaryVariables = variables }, JobBench.Token);

        Assert.Equal([1, 2], _bench.Sent.Select(r => r.AuxiliaryVariableUrls!.Count).Order());
        Assert.Single(_bench.Sent.Select(r => r.AuxiliaryVariableUrls![0]).Distinct());
        Assert.Equal(5.0, DeltaOf(_bench.Sent[0].AuxiliaryVariableUrls![0], "momentum"));
    }

    [Fact]
    [Trait("seed", "16")]
    public async Task RunRoundAsync_SharedVariablesKeyedByNodes_RefusedBeforeAnythingIsUploaded()
    {
        await using Job job = await _bench.CreateAsync();
        int uploads = _bench.Files.UploadNames.Count;
        var leak = new AuxiliaryVariables
        {
            Shared = new Dictionary<string, ParameterMap> { ["scaffold"] = ParameterMap.Create([new("node_1", new ParameterFloat(1))]) },
        };

        ArgumentException thrown = await Assert.ThrowsAsync<ArgumentException>(() => job.RunRoundAsync(new() { AuxiliaryVariables = leak }, JobBench.Token));

        Assert.Contains("PerNode", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(uploads, _bench.Files.UploadNames.Count);
        Assert.Empty(_bench.Sent);
    }

    [Fact]
    [Trait("seed", "17")]
    public async Task OpenAuxiliaryVariables_AfterARound_ModuleThenNodeThenValues()
    {
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, 10, file => file with
        {
            Parameters = new() { ["w"] = ParameterTensor.FromArray([1f, 2f]) },
            AuxiliaryVariables = ticket.NodeId == "node_3" ? ParameterMap.Empty : ParameterMap.Create([new("scaffold", ParameterMap.Create(
                [new("state", ParameterVector.From([new("w", ParameterTensor.FromArray([(float)ticket.NodeId[^1], 0]))]))]))]),
        });
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 3));

        RoundResult first = await job.RunRoundAsync(new(), JobBench.Token);
        RoundResult second = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.False(File.Exists(first.AuxiliaryVariablesPath));
        Assert.True(File.Exists(second.AuxiliaryVariablesPath));
        using ReceivedAuxiliaryVariables received = job.OpenAuxiliaryVariables();
        IReadOnlyDictionary<string, ParameterValue> nodes = Assert.Single(received.Modules).Value;
        Assert.Equal(["node_1", "node_2"], nodes.Keys);
        var state = (ParameterVector)Value((ParameterMap)nodes["node_2"], "state");
        Assert.Equal((float)'2', ((ParameterTensorValue)Value(state.Coefficients, "w")).Tensor.AsSpan<float>()[0]);
    }

    [Fact]
    [Trait("seed", "18")]
    public async Task OpenAuxiliaryVariables_AfterAValidationOnlyRound_AreNotTheResearchersOwn()
    {
        await using Job job = await _bench.CreateAsync();

        RoundResult result = await job.RunRoundAsync(
            new() { Training = false, AuxiliaryVariables = new() { Shared = Module("scaffold", 1) } }, JobBench.Token);

        Assert.Null(result.AuxiliaryVariablesPath);
        using ReceivedAuxiliaryVariables received = job.OpenAuxiliaryVariables();
        Assert.Empty(received.Modules);
    }

    public void Dispose() => _bench.Dispose();

    private static Dictionary<string, ModelParameters> Correction(float value) =>
        new() { ["aggregator_correction"] = new() { ["w"] = ParameterTensor.FromArray([value, 0]) } };

    private static Dictionary<string, ParameterMap> Module(string name, double delta) =>
        new() { [name] = ParameterMap.Create([new("delta", new ParameterFloat(delta))]) };

    private static ParameterValue Value(ParameterMap map, string key) => map.TryGetValue(key, out ParameterValue? value) ? value : throw new KeyNotFoundException(key);

    private ModelParameters Tensors(string url) => TensorMapFile.Open(Save(url));

    private double DeltaOf(string url, string module)
    {
        using ParameterFile file = ParameterFileReader.Open(Save(url));
        return ((ParameterFloat)Value((ParameterMap)Value((ParameterMap)file.Value, module), "delta")).Value;
    }

    private string Save(string url)
    {
        string path = Path.Combine(_bench.WorkDirectory, $"{Guid.NewGuid():N}.mpk");
        File.WriteAllBytes(path, _bench.Files.Get(url));
        return path;
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>What a round sends beside the parameters arrives at Python nodes as sent; what their optimizers tell comes back.</summary>
public sealed class PythonArgumentsTests
{
    private readonly ConcurrentDictionary<string, string> _arrived = new(StringComparer.Ordinal);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_AggregatorArguments_EachNodeGetsTheSharedAndItsOwn(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        Note(bench, task =>
        {
            IEnumerable<string> values = task.Request["aggregator_args"]!.AsObject()
                .Where(p => p.Value is not JsonObject).Select(p => $"{p.Key}={p.Value!.ToJsonString()}");
            return [.. values, .. task.AggregatorFiles.Select(f => $"{f.Key}={Tensors(f.Value)}")];
        });
        var arguments = new AggregatorArguments
        {
            Shared = new NodeArguments
            {
                Values = new JsonObject { ["fraction"] = 0.25, ["rule"] = "Scaffold", ["steps"] = new JsonArray(1, 2) },
                Files = Files("aggregator_correction", 1.5, -2.5),
            },
            PerNode = new Dictionary<string, NodeArguments>(StringComparer.Ordinal)
            {
                ["a"] = new() { Values = new JsonObject { ["own"] = true } },
                ["b"] = new() { Files = Files("own_correction", 7) },
            },
        };

        await bench.Job.RunRoundAsync(new RoundRequest { AggregatorArguments = arguments }, Token);

        const string Shared = "aggregator_correction=w:1.5,-2.5; fraction=0.25; ";
        Assert.Equal(Shared + "own=true; rule=\"Scaffold\"; steps=[1,2]", _arrived["a"]);
        Assert.Equal(Shared + "own_correction=w:7; rule=\"Scaffold\"; steps=[1,2]", _arrived["b"]);
        Assert.Equal(PythonBench.Round(0), bench.Mean, 1e-12);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_AuxiliaryVariables_EachNodeGetsTheSharedAndItsOwn(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        Note(bench, task => task.AuxiliaryFiles.SelectMany(Modules));
        var variables = new AuxiliaryVariables
        {
            Shared = Of("momentum", 0.5),
            PerNode = new Dictionary<string, IReadOnlyDictionary<string, ParameterMap>>(StringComparer.Ordinal)
            {
                ["a"] = Of("scaffold", -3),
            },
        };

        await bench.Job.RunRoundAsync(new RoundRequest { AuxiliaryVariables = variables }, Token);

        Assert.Equal(("momentum:value=0.5; scaffold:value=-3", "momentum:value=0.5"), (_arrived["a"], _arrived["b"]));
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task OpenAuxiliaryVariables_AfterARound_ModuleNodeValues(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        bench.After("a", update => update with
        {
            AuxiliaryVariables = Map(("scaffold", Map(("delta", Vector(1.25, 2)))), ("fedopt", Map(("value", new ParameterFloat(3))))),
        });
        bench.After("b", update => update with { AuxiliaryVariables = Map(("scaffold", Map(("delta", Vector(-4))))) });

        await bench.RunAsync();

        using ReceivedAuxiliaryVariables received = bench.Job.OpenAuxiliaryVariables();
        Assert.Equal(["fedopt:a", "scaffold:a", "scaffold:b"], received.Modules.SelectMany(m => m.Value.Keys.Select(n => $"{m.Key}:{n}")));
        Assert.Equal(Map(("value", new ParameterFloat(3))), received.Modules["fedopt"]["a"]);
        Assert.Equal(("1.25,2", "-4"), (Delta(received, "a"), Delta(received, "b")));
        bench.After("a", update => update);
        bench.After("b", update => update);
        await bench.RunAsync();
        using ReceivedAuxiliaryVariables none = bench.Job.OpenAuxiliaryVariables();
        Assert.Empty(none.Modules);
    }

    /// <summary>Notes of each training what <paramref name="read"/> finds, while its files are there.</summary>
    private void Note(PythonBench bench, Func<EmulatedTask, IEnumerable<string>> read)
    {
        foreach (string nodeId in (string[])["a", "b"])
        {
            bench.Before(nodeId, (task, _) =>
            {
                _arrived[nodeId] = string.Join("; ", read(task).Order(StringComparer.Ordinal));
                return Task.CompletedTask;
            });
        }
    }

    private static string Tensors(string path)
    {
        using ModelParameters tensors = TensorMapFile.Open(path);
        return string.Join(' ', tensors.Select(t => $"{t.Key}:{Text(t.Value)}"));
    }

    private static IEnumerable<string> Modules(string path)
    {
        using ParameterFile file = ParameterFileReader.Open(path);
        return
        [
            .. from module in ((ParameterMap)file.Value).Entries
               from value in ((ParameterMap)module.Value).Entries
               select string.Create(
                   CultureInfo.InvariantCulture,
                   $"{((ParameterText)module.Key).Value}:{((ParameterText)value.Key).Value}={((ParameterFloat)value.Value).Value}"),
        ];
    }

    private static string Delta(ReceivedAuxiliaryVariables received, string nodeId)
    {
        var values = Assert.IsType<ParameterMap>(received.Modules["scaffold"][nodeId]);
        Assert.True(values.TryGetValue("delta", out ParameterValue? delta));
        Assert.True(Assert.IsType<ParameterVector>(delta).Coefficients.TryGetValue("w", out ParameterValue? tensor));
        return Text(Assert.IsType<ParameterTensorValue>(tensor).Tensor);
    }

    private static string Text(ParameterTensor tensor) =>
        string.Join(',', tensor.AsSpan<double>().ToArray().Select(v => v.ToString(CultureInfo.InvariantCulture)));

    private static Dictionary<string, ModelParameters> Files(string name, params double[] values) =>
        new(StringComparer.Ordinal) { [name] = new ModelParameters { ["w"] = ParameterTensor.FromArray(values) } };

    private static Dictionary<string, ParameterMap> Of(string module, double value) =>
        new(StringComparer.Ordinal) { [module] = Map(("value", new ParameterFloat(value))) };

    private static ParameterMap Map(params (string Key, ParameterValue Value)[] entries) =>
        ParameterMap.Create(entries.Select(e => KeyValuePair.Create(e.Key, e.Value)));

    private static ParameterVector Vector(params double[] values) =>
        ParameterVector.From([KeyValuePair.Create("w", ParameterTensor.FromArray(values))]);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;
using FedJob.Tests.Captures;
using FedJob.Tests.Protocol.Messages;

namespace FedJob.Tests.Aggregation;

/// <summary>FedJob's Scaffold sends the captured corrections and computes the captured parameters of Fed-BioMed's native one, bit by bit.</summary>
public sealed class ScaffoldGoldenTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The captures of jobs whose rule is the native Scaffold.</summary>
    public static TheoryData<string> Scenarios => [.. GoldenFixtures.Scenarios().Select(s => s.Data).Where(s => RequestsOf(s).Any() && HasFiles(s))];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scenarios))]
    public void Rounds_OfACapturedJob_HaveItsCorrectionsParametersAndState(string scenario)
    {
        Dictionary<string, string> files = CapturedRound.Files(scenario);
        JsonElement[] messages = [.. GoldenFixtures.Messages(scenario).Where(m => m.Command == "train").Select(m => m.Payload)];
        foreach (IGrouping<string, JsonElement> job in RequestsOf(scenario).GroupBy(r => r.GetProperty("job_id").GetString()!))
        {
            var rule = new Scaffold();
            foreach (JsonElement[] requests in job.GroupBy(r => r.GetProperty("round").GetInt32()).OrderBy(r => r.Key).Select(r => r.ToArray()))
            {
                using ModelParameters global = AggregatedParametersFile.Open(files[PathOf(requests[0], "params_url")]);
                AssertPrepares(rule, requests, global, files);
                CapturedUpdate[] updates = [.. RepliesTo(messages, job.Key, requests[0].GetProperty("round").GetInt32(), files)];
                Assert.NotEmpty(updates);
                ModelParameters combined = Combine(rule, global, updates, requests[0]);
                AssertNext(scenario, job.Key, requests, combined, files);
                AssertState(job.Key, requests[0].GetProperty("round").GetInt32() + 1, rule, combined);
            }
        }
    }

    [Fact]
    public void Captures_OfTheProjectItself_HaveTwoRoundsOfScaffold()
    {
        Assert.SkipUnless(CaptureFolder.Root == CaptureFolder.Own, "FEDJOB_FIXTURES names other captures");

        Assert.Contains(Scenarios, s => RequestsOf(s.Data).Select(r => r.GetProperty("round").GetInt32()).Distinct().Count() >= 2);
    }

    private static void AssertPrepares(Scaffold rule, JsonElement[] requests, ModelParameters global, Dictionary<string, string> files)
    {
        string[] nodes = [.. requests.Select(NodeOf).Order(StringComparer.Ordinal)];
        AggregatorArguments arguments = rule.PrepareRound(new PreparationContext { Round = 0, Participants = nodes, Global = global }).AggregatorArguments;
        Assert.Equal(nodes, arguments.PerNode.Keys.Order(StringComparer.Ordinal));
        foreach (JsonElement request in requests)
        {
            JsonElement captured = request.GetProperty("aggregator_args");
            Assert.Equal(captured.GetProperty("aggregator_name").GetString(), (string?)arguments.Shared.Values["aggregator_name"]);
            KeyValuePair<string, ModelParameters> file = Assert.Single(arguments.PerNode[NodeOf(request)].Files);
            using ModelParameters expected = TensorMapFile.Open(files[new Uri(captured.GetProperty(file.Key).GetProperty("url").GetString()!).AbsolutePath]);
            AssertSame(expected, file.Value);
        }
    }

    private static ModelParameters Combine(Scaffold rule, ModelParameters global, CapturedUpdate[] updates, JsonElement request)
    {
        NodeParametersFile[] opened = [.. updates.Select(u => NodeParametersFile.Open(u.File))];
        try
        {
            int steps = request.GetProperty("training_args").GetProperty("num_updates").GetInt32();
            return AggregationRun.Combine(
                rule,
                new AggregationContext
                {
                    Round = 0,
                    Global = global,
                    Updates = [.. updates.Zip(opened, (u, f) => new NodeUpdate
                    {
                        NodeId = u.NodeId,
                        SampleCount = u.SampleCount,
                        Parameters = f.Parameters,
                        OptimizerArgs = f.OptimizerArgs.DeepClone().AsObject(),
                        TrainingArgs = new TrainingArgs { UpdateCount = steps },
                    })],
                },
                Token);
        }
        finally
        {
            Array.ForEach(opened, f => f.Dispose());
        }
    }

    private static void AssertNext(string scenario, string job, JsonElement[] requests, ModelParameters combined, Dictionary<string, string> files)
    {
        int next = requests[0].GetProperty("round").GetInt32() + 1;
        JsonElement? request = RequestsOf(scenario).Where(r => r.GetProperty("job_id").GetString() == job && r.GetProperty("round").GetInt32() == next)
            .Select(r => (JsonElement?)r).FirstOrDefault();
        if (request is { } following)
        {
            using ModelParameters expected = AggregatedParametersFile.Open(files[PathOf(following, "params_url")]);
            AssertSame(expected, combined);
        }
    }

    /// <summary>Against the breakpoint that was saved after so many rounds, where there is one: c and every d_i.</summary>
    private static void AssertState(string job, int rounds, Scaffold rule, ModelParameters combined)
    {
        foreach (CapturedBreakpoint saved in CapturedBreakpoint.All.Select(b => new CapturedBreakpoint(b))
            .Where(b => b.Job.GetProperty("job_id").GetString() == job && b.Json.GetProperty("round_current").GetInt32() == rounds))
        {
            ParameterMap state = rule.SaveState();
            if (saved.GlobalState is { } global)
            {
                AssertSame(Tensors(global), Tensors(state, "global_state"));
            }

            if (saved.Current is { } current)
            {
                using ModelParameters expected = AggregatedParametersFile.Open(current);
                AssertSame(expected, combined);
            }
        }
    }

    private static ModelParameters Tensors(string file)
    {
        using ModelParameters opened = TensorMapFile.Open(file);
        return new ModelParameters(opened.Select(t => KeyValuePair.Create(
            t.Key, ParameterTensor.FromBytes(t.Value.ElementType, t.Value.Shape, t.Value.GetBytes(0, (int)t.Value.ByteCount).ToArray(), t.Value.Kind))).ToArray());
    }

    private static ModelParameters Tensors(ParameterMap state, string key) => new(((ParameterMap)state.Entries.Single(e => ((ParameterText)e.Key).Value == key).Value)
        .Entries.Select(e => KeyValuePair.Create(((ParameterText)e.Key).Value, ((ParameterTensorValue)e.Value).Tensor)));

    private static void AssertSame(ModelParameters expected, ModelParameters got)
    {
        Assert.Null(got.DescribeDifference(expected));
        foreach ((string name, ParameterTensor tensor) in expected)
        {
            Assert.Equal(tensor.Kind, got[name].Kind);
            Assert.Equal(tensor.AsSpan<float>().ToArray(), got[name].AsSpan<float>().ToArray());
        }
    }

    private static IEnumerable<JsonElement> RequestsOf(string scenario) => GoldenFixtures.Messages(scenario)
        .Where(m => m.Command == "train" && m.Topic is not "general/researcher" && m.Payload.TryGetProperty("aggregator_args", out JsonElement args)
            && args.TryGetProperty("aggregator_name", out JsonElement name) && name.GetString() == "Scaffold")
        .Select(m =>
        {
            var copy = JsonNode.Parse(m.Payload.GetRawText())!.AsObject();
            copy["node_id"] = m.Topic[(m.Topic.IndexOf('/', StringComparison.Ordinal) + 1)..];
            return JsonSerializer.SerializeToElement(copy);
        });

    /// <summary>The replies between the requests of a round and those of the next.</summary>
    private static IEnumerable<CapturedUpdate> RepliesTo(JsonElement[] messages, string job, int round, Dictionary<string, string> files)
    {
        int current = -1;
        foreach (JsonElement message in messages.Where(m => m.GetProperty("job_id").GetString() == job))
        {
            if (message.TryGetProperty("round", out JsonElement number))
            {
                current = number.GetInt32();
            }
            else if (current == round && CapturedUpdate.From(message, files) is { } update)
            {
                yield return update;
            }
        }
    }

    private static bool HasFiles(string scenario)
    {
        Dictionary<string, string> files = CapturedRound.Files(scenario);
        return RequestsOf(scenario).All(r => files.ContainsKey(PathOf(r, "params_url")));
    }

    private static string NodeOf(JsonElement request) => request.GetProperty("node_id").GetString()!;

    private static string PathOf(JsonElement message, string field) => new Uri(message.GetProperty(field).GetString()!).AbsolutePath;
}

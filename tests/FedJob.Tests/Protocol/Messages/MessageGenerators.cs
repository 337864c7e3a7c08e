using System.Text.Json.Nodes;
using CsCheck;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Random messages: each field is sound most of the time, and else something a careless or hostile caller might set.</summary>
internal static class MessageGenerators
{
    private const int SoundWeight = 30;

    private static readonly Gen<string> Id = Mostly<string>(
        Pick("researcher_1", "node.2", "job-3", "a", "researcher_abc.17"),
        Pick("", "..", "a/b", "a#", "+", "a\0b", "jöb", "\ud800", "<unknown>", null!, new string('x', 129), "a b", "a\n"));

    private static readonly Gen<string?> IdOrNull = Gen.Frequency((1, Gen.Const((string?)null)), (1, Id.Select(i => (string?)i)));

    private static readonly Gen<string> Text = Mostly<string>(
        Gen.OneOf(Gen.String, Pick("", "plain", "née \ud83d\ude00", "\"quoted\"\\", "<b>"))
            .Where(t => !t.Any(char.IsSurrogate) || t.Contains('é')),
        Pick("\ud800", "\udc00 first", null!, "half \ud83d"));

    private static readonly Gen<string> Url = Mostly<string>(
        Pick(
            "http://127.0.0.1:18844/media/x.mpk", "http://localhost:80/a", "https://repository.example.org/up/x.py", "http://[::1]:8080/x",
            "http://10.0.0.7/a/b?c=d"),
        Pick(
            "", "not a url", "http://127.0.0.1:9/x.py", "ftp://127.0.0.1:21/x", "http://repository:8844/x",
            "http://user:word@127.0.0.1:18844/x",
            "http://127.0.0.1:18844/a b", "file:///etc/passwd", "http://999.0.0.1:80/x", "http://\u212Aelvin.example/x", null!,
            "http://a.b:99999/x",
            "//127.0.0.1/x", "http://127.0.0.1:18844/" + new string('a', 3000), "http://-bad-.org/x", "http://127.0.0.1:18844/x\n"));

    private static readonly Gen<int> Int = Gen.Frequency((SoundWeight, Gen.Int[0, 100]), (1, Pick(-1, int.MinValue, int.MaxValue)));

    private static readonly Gen<double> Double = Gen.Frequency(
        (SoundWeight, Gen.OneOf(Gen.Double[0, 1], Pick(0.0, 1.0, 0.1, 1e-5, 1e16))),
        (1, Pick(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1.0, double.MaxValue, double.Epsilon)));

    private static readonly Gen<JsonNode?> Leaf = Gen.OneOf(
        Mostly(Gen.Double.Select(d => (JsonNode?)JsonValue.Create(d)),
            Pick(double.NaN, double.NegativeInfinity).Select(d => (JsonNode?)JsonValue.Create(d))),
        Gen.Int.Select(i => (JsonNode?)JsonValue.Create(i)),
        Gen.Single.Where(float.IsFinite).Select(f => (JsonNode?)JsonValue.Create(f)),
        Gen.Decimal.Select(d => (JsonNode?)JsonValue.Create(d)),
        Text.Select(t => (JsonNode?)JsonValue.Create(t)),
        Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
        Gen.Const((JsonNode?)null),
        Mostly(
            Pick("1.0", "1", "-0.0", "[1, 1.0]", "\"x\"").Select(text => JsonNode.Parse(text)),
            Pick("1e999", "{\"a\":1,\"a\":2}", "\"\\ud800\"", "{\"\\ud800\":1}", new string('1', 5000))
                .Select(text => JsonNode.Parse(text))),
        Mostly(
            Gen.Int[1, 3].Select(n => (JsonNode?)Nested(n)),
            Gen.Int[1, 4].Select(i => i switch
            {
                1 => Nested(40),
                2 => Nested(500),
                3 => (JsonNode?)JsonValue.Create(DayOfWeek.Friday),
                _ => JsonValue.Create(new List<double> { 1 }),
            })));

    private static readonly Gen<JsonObject> Object = Gen.Select(Pick("a", "b c", "layer.0"), Leaf, Pick("d", "e"), Leaf)
        .Select(t => new JsonObject { [t.Item1] = t.Item2, [t.Item3] = t.Item4 });

    private static readonly Gen<JsonObject> LoaderArgs = Gen.Select(Object, Mostly(
        Gen.Const("{\"batch_size\": 32}"),
            Pick("{\"batch_size\": 32.0}", "{\"batch_size\": null}", "{\"batch_size\": \"32\"}", "{\"batch_size\": 0}")))
        .Select((o, batch) =>
        {
            o["batch_size"] = JsonNode.Parse(batch)!["batch_size"]?.DeepClone();
            return o;
        });

    private static readonly Gen<JsonObject> AggregatorArgs = Mostly(
        Pick(
            "{}", "{\"aggregator_name\": \"Scaffold\", \"x\": 1.0}",
            "{\"c\": {\"arg_name\": \"c\", \"filename\": \"c.mpk\", \"url\": \"http://127.0.0.1:18844/c\"}}"),
        Pick(
            "{\"c\": {}}", "{\"c\": {\"arg_name\": \"c\", \"filename\": \"/home/me/c.mpk\", \"url\": \"http://127.0.0.1:18844/c\"}}",
            "{\"c\": {\"arg_name\": \"c\", \"filename\": \"c\", \"url\": \"none\"}}",
            "{\"c\": {\"arg_name\": 1, \"filename\": \"c\", \"url\": \"http://127.0.0.1:18844/c\"}}",
            "{\"c\": {\"arg_name\": \"c\", \"filename\": \"c\", \"url\": \"http://127.0.0.1:18844/c\", \"more\": 1}}",
            "{\"c\": {\"node_1\": 0.5}}"))
        .Select(text => JsonNode.Parse(text)!.AsObject());

    private static readonly Gen<TrainingArgs> Args = Gen.Select(
        Gen.Select(LoaderArgs, Object), Gen.Select(Gen.Int[0, 12], Gen.Int[0, 12]), Pick(0.0, 0.2, 0.25, 1.0), Gen.Int[0, 8], Gen.Bool,
        Pick(0.0, 1.0, 1e-7, 0.5))
        .Select((json, counts, ratio, metric, flag, real) => new TrainingArgs
        {
            LoaderArgs = json.Item1,
            OptimizerArgs = json.Item2,
            Epochs = counts.Item1 is > 0 and < 12 ? counts.Item1 : null,
            UpdateCount = (counts.Item1 is 0 && counts.Item2 > 0) || counts.Item2 == 12 ? counts.Item2 : null,
            TestRatio = ratio,
            TestMetric = metric == 8 ? null : (TestMetric)metric,
            DryRun = flag,
            FedProxMu = flag ? real : null,
            DifferentialPrivacy = flag ? new() { Type = DifferentialPrivacyType.Central, Sigma = real, Clip = real + 1 } : null,
            RandomSeed = flag ? -metric : null,
        });

    private static readonly Gen<(string?, string?, double?, int?)> Secagg = Gen.Select(IdOrNull, Double, Gen.Int[0, 9])
        .Select((id, random, form) => form switch
    {
        0 => ((string?)null, (string?)null, (double?)random, (int?)null),
        1 => (id, null, random, null),
        2 => (id, id, null, 3),
        3 => (id, id, random, 3),
        4 => (null, null, null, 0),
        _ => (null, null, null, null),
    });

    public static Gen<ProtocolMessage> Request { get; } = Gen.OneOf<ProtocolMessage>(
        Gen.Select(Id, Int).Select((r, n) => (ProtocolMessage)new PingRequest { ResearcherId = r, Sequence = n }),
        Gen.Select(Id, Text.Array[0, 3]).Select((r, t) => (ProtocolMessage)new SearchRequest { ResearcherId = r, Tags = t }),
        Id.Select(r => (ProtocolMessage)new ListRequest { ResearcherId = r }),
        Gen.Select(Id, Text, Int, Url).Select((r, t, n, u) =>
            (ProtocolMessage)new ApprovalRequest { ResearcherId = r, Description = t, Sequence = n, TrainingPlanUrl = u }),
        Gen.Select(Id, Id, Url)
            .Select((r, j, u) => (ProtocolMessage)new TrainingPlanStatusRequest { ResearcherId = r, JobId = j, TrainingPlanUrl = u }),
        Gen.Select(Id, Id, Int, Gen.Int[0, 2], IdOrNull, Id.Array[0, 4]).Select((r, i, n, e, j, p) => (ProtocolMessage)new SecaggRequest
        {
            ResearcherId = r,
            SecaggId = i,
            Sequence = n,
            Element = (SecaggElement)e,
            JobId = j,
            Parties = [r, .. p],
        }),
        Gen.Select(Id, Id, Int, Gen.Int[0, 2], IdOrNull).Select((r, i, n, e, j) => (ProtocolMessage)new SecaggDeleteRequest
        {
            ResearcherId = r,
            SecaggId = i,
            Sequence = n,
            Element = (SecaggElement)e,
            JobId = j,
        }),
        Gen.Select(Gen.Select(Id, Id, IdOrNull, Id), Gen.Select(Url, Url, Url.Array[0, 2]), Args, Object, AggregatorArgs, Secagg,
            Gen.Select(Int, Gen.Bool, ClassName()))
            .Select((ids, urls, args, model, aggregator, secagg, rest) => (ProtocolMessage)new TrainRequest
            {
                ResearcherId = ids.Item1,
                JobId = ids.Item2,
                StateId = ids.Item3,
                DatasetId = ids.Item4,
                ParametersUrl = urls.Item1,
                TrainingPlanUrl = urls.Item2,
                AuxiliaryVariableUrls = rest.Item2 ? urls.Item3 : null,
                TrainingArgs = args,
                ModelArgs = model,
                AggregatorArgs = aggregator,
                SecaggServerKeyId = secagg.Item1,
                SecaggBiprimeId = secagg.Item2,
                SecaggRandom = secagg.Item3,
                SecaggClippingRange = secagg.Item4,
                Round = rest.Item1,
                Training = rest.Item2,
                TrainingPlanClass = rest.Item3,
            }));

    public static Gen<ProtocolMessage> NodeMessage { get; } = Gen.OneOf<ProtocolMessage>(
        Gen.Select(Id, Id, Int, Gen.Bool)
            .Select((r, n, s, b) => (ProtocolMessage)new PongReply { ResearcherId = r, NodeId = n, Success = b, Sequence = s }),
        Gen.Select(Id, Id, Text, Text)
            .Select((r, n, e, t) => (ProtocolMessage)new ErrorReply { ResearcherId = r, NodeId = n, ErrorNumber = e, ExtraText = t }),
        Gen.Select(Id, Id, Text, Text, Text).Select((r, n, l, t, a) =>
            (ProtocolMessage)new LogMessage { ResearcherId = r, NodeId = n, Level = l, Text = t, Time = a, LoggerName = null }),
        Gen.Select(Gen.Select(Id, Id, Id, IdOrNull), Gen.Bool, Url, Gen.Select(Double, Double), Int, Text)
            .Select((ids, success, url, seconds, count, text) =>
            (ProtocolMessage)new TrainReply
            {
                ResearcherId = ids.Item1,
                NodeId = ids.Item2,
                JobId = ids.Item3,
                StateId = ids.Item4,
                Success = success,
                DatasetId = success ? "d" : "",
                ParametersUrl = success ? url : "",
                SampleCount = count == 0 ? null : count,
                Text = text,
                Timing = seconds.Item1 is >= 0 and < 1e8 && seconds.Item2 is >= 0 and < 1e8
                    ? TrainTiming.FromSeconds(seconds.Item1, seconds.Item2) : null,
            }),
        Gen.Select(Id, Id, Id, Gen.Select(Text, Double), Gen.Select(Int, Int), Gen.Bool).Select((r, n, j, metric, counts, train) =>
            (ProtocolMessage)new MetricMessage
            {
                ResearcherId = r,
                NodeId = n,
                JobId = j,
                Train = train,
                Test = !train,
                TestOnLocalUpdates = false,
                TestOnGlobalUpdates = !train,
                Metrics = new Dictionary<string, double> { [metric.Item1 ?? "Loss"] = metric.Item2 },
                Epoch = train ? counts.Item1 : null,
                TotalSamples = counts.Item2,
                BatchSamples = counts.Item1,
                BatchCount = 1,
                SamplesTrained = train ? counts.Item2 : null,
                Iteration = counts.Item1,
            }));

    private static Gen<string> ClassName() => Mostly<string>(
        Pick("MyPlan", "_Plan2", "Penguins.Plans.Outer+Inner", "Generic`1"),
        Pick("", "os.system('x')", "A B", "1st", "a/b", null!, new string('A', 600)));

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<T> Mostly<T>(Gen<T> sound, Gen<T> unsound) => Gen.Frequency((SoundWeight, sound), (1, unsound));

    private static JsonArray Nested(int levels)
    {
        var outer = new JsonArray();
        for (int i = 1; i < levels; i++)
        {
            outer = new JsonArray(outer);
        }

        return outer;
    }
}

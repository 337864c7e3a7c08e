using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Tests.Captures;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>Every parameter file of every captured breakpoint: read by the class it belongs to, and held against the others.</summary>
public sealed class BreakpointGoldenTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-breakpoint-");

    public static TheoryData<string> Breakpoints => [.. CapturedBreakpoint.All];

    /// <summary>The breakpoints of jobs whose aggregator keeps corrections.</summary>
    public static TheoryData<string> ScaffoldBreakpoints =>
        [.. CapturedBreakpoint.All.Where(b => new CapturedBreakpoint(b).Corrections.Any())];

    /// <summary>A link that leads nowhere is no file to read.</summary>
    public static TheoryData<string> Files =>
    [
        .. CaptureFolder.Files("breakpoints", "*.mpk", SearchOption.AllDirectories).Where(f => CaptureFolder.Resolve(CaptureFolder.PathOf(f)) is not null),
    ];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public async Task Open_FileOfABreakpoint_IsWrittenBackByteForByte(string file)
    {
        string path = CaptureFolder.Resolve(CaptureFolder.PathOf(file))!;
        byte[] bytes = File.ReadAllBytes(path);

        WrittenFile copy = await CapturedParameterFile.RewriteAsync(
            path, Path.Combine(_folder.FullName, "copy.mpk"), TestContext.Current.CancellationToken);

        Assert.Equal(bytes, File.ReadAllBytes(copy.Path));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void Open_FileThatTheRepositoryHasToo_IsTheSame(string file)
    {
        byte[] bytes = File.ReadAllBytes(CaptureFolder.Resolve(CaptureFolder.PathOf(file))!);
        string name = Path.GetFileName(file);

        Assert.All(
            CaptureFolder.Files("repository", name, SearchOption.AllDirectories),
            same => Assert.Equal(bytes, File.ReadAllBytes(CaptureFolder.PathOf(same))));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public void Open_NodeFiles_AreThoseOfTheReplies(string breakpoint)
    {
        var captured = new CapturedBreakpoint(breakpoint);
        foreach ((JsonElement reply, string? file) in captured.Replies.SelectMany(r => r))
        {
            if (file is null)
            {
                continue;
            }

            using NodeParametersFile node = NodeParametersFile.Open(file);
            Assert.Equal(reply.GetProperty("node_id").GetString(), node.NodeId);
            Assert.Equal(reply.GetProperty("state_id").GetString(), node.StateId);
            Assert.Equal(captured.Job.GetProperty("job_id").GetString(), node.JobId);
            Assert.Equal(captured.Job.GetProperty("researcher_id").GetString(), node.ResearcherId);
            Assert.Equal(
                reply.TryGetProperty("encryption_factor", out JsonElement factor) && factor.ValueKind == JsonValueKind.Array, node.Encrypted);
            if (reply.TryGetProperty("optimizer_args", out JsonElement args) && args.ValueKind == JsonValueKind.Object)
            {
                Assert.True(JsonNode.DeepEquals(JsonObject.Create(args), node.OptimizerArgs), file);
            }

            if (reply.TryGetProperty("optim_aux_var", out JsonElement auxiliary) && auxiliary.ValueKind == JsonValueKind.Object)
            {
                Assert.Equal(auxiliary.EnumerateObject().Count(), node.AuxiliaryVariables.Count);
            }

            AssertSameAsTheCapturedDownload(file, node.StateId);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public void Open_AggregatedParameters_AreOfOneModelAndTheLastIsTheCurrent(string breakpoint)
    {
        var captured = new CapturedBreakpoint(breakpoint);
        Assert.SkipWhen(captured.Current is null, "The breakpoint's parameters are not there.");
        using ModelParameters current = AggregatedParametersFile.Open(captured.Current!);
        foreach (string? file in captured.Aggregated.Values.Where(f => f is not null))
        {
            using ModelParameters aggregated = AggregatedParametersFile.Open(file!);
            Assert.Null(aggregated.DescribeDifference(current));
        }

        foreach ((_, string? file) in captured.Replies.SelectMany(r => r).Where(r => r.File is not null))
        {
            using NodeParametersFile node = NodeParametersFile.Open(file!);
            if (!node.Encrypted)
            {
                // Counters (e.g. of batch normalisation) are whole numbers at a node, and floats once they are averaged.
                Assert.Equal(current.Names, node.Parameters.Names);
                Assert.All(node.Parameters, t => Assert.Equal(current[t.Key].Shape, t.Value.Shape));
            }
        }

        if (captured.Aggregated.LastOrDefault().Value is { } last)
        {
            Assert.Equal(File.ReadAllBytes(last), File.ReadAllBytes(captured.Current!));
        }
    }

    /// <summary>
    /// Native Scaffold: a node's correction is c_i - c, where c is the mean of the c_i of all nodes: the corrections cancel out. They and the
    /// global state have the model's trainable tensors.
    /// </summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ScaffoldBreakpoints))]
    public void Open_ScaffoldState_FitsTheModelAndCancelsOut(string breakpoint)
    {
        var captured = new CapturedBreakpoint(breakpoint);
        string?[] files = [.. captured.Corrections];
        Assert.SkipWhen(files.Contains(null) || captured.GlobalState is null || captured.Current is null, "A file is not there.");
        using ModelParameters model = AggregatedParametersFile.Open(captured.Current!);
        using ModelParameters state = TensorMapFile.Open(captured.GlobalState!);
        ModelParameters[] corrections = [.. files.Select(f => TensorMapFile.Open(f!))];
        try
        {
            foreach ((string name, ParameterTensor tensor) in state)
            {
                Assert.Equal(model[name].Shape, tensor.Shape);
                Assert.Equal(TensorKind.TorchTensor, tensor.Kind);
                double[][] values = [.. corrections.Select(c => Doubles(c[name]))];
                double largest = values.Append(Doubles(tensor)).SelectMany(v => v).Select(Math.Abs).DefaultIfEmpty().Max();
                Assert.All(Enumerable.Range(0, (int)tensor.ElementCount), i => Assert.InRange(values.Sum(v => v[i]) / (largest + 1e-30), -1e-5, 1e-5));
            }
        }
        finally
        {
            Array.ForEach(corrections, c => c.Dispose());
        }
    }

    [Fact]
    public void Captures_OfTheProjectItself_AreBreakpointsOfEveryKind()
    {
        Assert.SkipUnless(CaptureFolder.Root == CaptureFolder.Own, "FEDJOB_FIXTURES names other captures");
        CapturedBreakpoint[] all = [.. CapturedBreakpoint.All.Select(b => new CapturedBreakpoint(b))];

        Assert.Contains(all, b => b.Corrections.Any(c => c is not null));
        Assert.Contains(all, b => b.Replies.SelectMany(r => r).Any(r => r.File is not null));
        Assert.DoesNotContain(all, b => b.Current is null || b.Aggregated.ContainsValue(null));
    }

    /// <summary>The researcher renames what it downloads: the node's state id tells which file of the repository it was.</summary>
    private static void AssertSameAsTheCapturedDownload(string file, string? stateId)
    {
        foreach ((string manifest, string name) in Fixtures.RepositoryFiles())
        {
            if (stateId is not null && Fixtures.Load(manifest).GetProperty(name).TryGetProperty("content", out JsonElement content)
                && content.ValueKind == JsonValueKind.Object && content.TryGetProperty("state_id", out JsonElement state)
                && state.ValueKind == JsonValueKind.String && state.GetString() == stateId)
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(Fixtures.Directory(manifest), name)), File.ReadAllBytes(file));
            }
        }
    }

    private static double[] Doubles(ParameterTensor tensor) => tensor.ElementType == TensorElementType.Float64
        ? tensor.AsSpan<double>().ToArray()
        : [.. tensor.AsSpan<float>().ToArray().Select(v => (double)v)];
}

using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Every row of the Python researcher's surface, once, over a real broker and a real repository.</summary>
public sealed class SeedSurfaceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task Job_Properties_AreThereBeforeAndAfterARound(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation);
        await using Job job = await client.CreateJobAsync(options, Token);
        var arguments = new AggregatorArguments { Shared = new() { Values = new() { ["aggregator_name"] = "FedAverage" } } };
        job.TrainingArgs = job.TrainingArgs with { LogInterval = 3 };

        RoundResult result = await job.RunRoundAsync(new() { AggregatorArguments = arguments }, Token);

        Assert.StartsWith("job_", job.Id, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], job.Nodes);
        Assert.Same(client.Requests, job.Requests);
        Assert.Same(client.Repository, job.Repository);
        Assert.Equal(fleet.IsFedBioMed(), job.TrainingPlan is null);
        Assert.EndsWith("MeanPlan", job.TrainingPlanName, StringComparison.Ordinal);
        Assert.Equal(
            await File.ReadAllBytesAsync(job.TrainingPlanFile, Token), await DownloadAsync(client.Repository, job.TrainingPlanUrl));
        Assert.Same(arguments, job.AggregatorArguments);
        Assert.Same(result, Assert.Single(job.History));
        Assert.Equal(["a", "b"], job.LastRequests.Keys.Order(StringComparer.Ordinal));
        Assert.All(job.LastRequests.Values, r => Assert.Equal((job.Id, 3), (r.JobId, r.TrainingArgs.LogInterval)));
        Assert.All(result.Verdicts, v => Assert.True(v.StateId is not null && v.ParametersUrl is not null && v.ReplyTime is not null));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task Requests_PingSearchList_AnswerForEachNode(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);

        IReadOnlyList<NodePong> pongs = await client.Requests.PingAsync(["a", "b"], Token);
        FederatedDataset found = await client.Requests.SearchAsync(["numbers"], ["a", "b"], Token);
        IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>> listed = await client.Requests.ListAsync(["a"], Token);

        Assert.Equal(["a", "b"], pongs.Select(p => p.NodeId));
        Assert.All(pongs, p => Assert.Equal(!fleet.IsFedBioMed(), p.IsFedJobNode));
        Assert.Equal(["a", "b"], found.Nodes);
        Assert.Contains("numbers", found.Datasets["b"].Tags);
        Assert.Equal(found.Datasets["a"].DatasetId, Assert.Single(Assert.Single(listed).Value).DatasetId);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task CheckTrainingPlanApproval_UntilItsOwnerApproves_TypedAnswersOfEachNode(Fleet fleet)
    {
        var options = new LocalFederationOptions { RequireApproval = true };
        if (fleet.IsFedBioMed())
        {
            options.FedBioMedNodes.Add(new()
            {
                NodeId = "a",
                RequiresApproval = true,
                Datasets = { FleetFederation.Emulated("a", [1]).Datasets[0] },
            });
        }

        await using FleetFederation federation = fleet.IsFedBioMed()
            ? await TestFederation.StartAsync(fleet, options)
            : await TestFederation.StartAsync(fleet, options, ("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation), Token);

        TrainingPlanApprovalStatus unknown = await StatusAsync(job);
        ApprovalRequestAnswer answer = Assert.Single((await job.RequestTrainingPlanApprovalAsync("mean of x", Token)).Values);
        TrainingPlanApprovalStatus pending = await StatusAsync(job);
        if (fleet.IsFedBioMed())
        {
            federation.FedBioMedNodes[0].SetPlanStatus(job.TrainingPlanSha256, TrainingPlanStatus.Approved);
        }
        else
        {
            await federation.Nodes[0].Approvals.ApproveAsync(job.TrainingPlanSha256, null, Token);
        }

        Assert.Equal(
            (TrainingPlanApprovalStatus.NotRegistered, ApprovalRequestOutcome.Received, TrainingPlanApprovalStatus.Pending),
            (unknown, answer.Outcome, pending));
        Assert.Equal(TrainingPlanApprovalStatus.Approved, await StatusAsync(job));
        Assert.Equal(RoundOutcome.Completed, (await job.RunRoundAsync(new(), Token)).Outcome);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task UpdateParameters_FromMemoryPlanAndFile_ReturnPathAndUrlAndUploadNothingTwice(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation), Token);
        (string initialPath, Uri initialUrl, int before) = (job.ParametersPath, job.ParametersUrl, federation.Repository.UploadCount);
        using ModelParameters current = job.OpenParameters();
        ModelParameters other = new()
        {
            ["mean"] = ParameterTensor.FromMemory<double>(new[] { 7.0 }, [1], current["mean"].Kind),
        };

        PublishedParameters first = await job.UpdateParametersAsync(other, Token);
        PublishedParameters again = await job.UpdateParametersAsync(other, Token);
        PublishedParameters back = await job.UpdateParametersFromFileAsync(initialPath, Token);

        Assert.Equal(first, again);
        Assert.Equal(await File.ReadAllBytesAsync(first.Path, Token), await DownloadAsync(client.Repository, first.Url));
        Assert.Equal(initialUrl, back.Url);
        Assert.Equal(before + 1, federation.Repository.UploadCount);
        if (fleet.IsFedBioMed())
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => job.UpdateParametersAsync(null, Token));
        }
        else
        {
            Assert.Equal(initialUrl, (await job.UpdateParametersAsync(null, Token)).Url);
        }

        await job.UpdateParametersAsync(other, Token);
        await job.RunRoundAsync(new(), Token);
        Assert.Equal(first.Url.AbsoluteUri, job.LastRequests["a"].ParametersUrl);
        using ModelParameters trained = job.OpenParameters();
        Assert.Equal(4.5, trained["mean"].AsSpan<double>()[0]);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task NodeStates_NodeLeavesAndComesBack_IsAskedWithItsLastState(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation), Token);
        FederatedDataset both = job.Data;

        Assert.Null(job.NodeStates.GetLastState("b"));
        await job.RunRoundAsync(new(), Token);
        string? kept = job.NodeStates.GetLastState("b");
        job.Data = both.Only("a");
        await job.RunRoundAsync(new(), Token);
        job.Data = both;
        RoundResult third = await job.RunRoundAsync(new(), Token);

        Assert.NotNull(kept);
        Assert.Equal(kept, job.LastRequests["b"].StateId);
        Assert.All(third.Verdicts, v => Assert.Equal((VerdictKind.Succeeded, job.NodeStates.States[v.NodeId]), (v.Kind, v.StateId)));
        Assert.Equal(["a", "b"], job.NodeStates.States.Keys);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task Events_OfARound_TellWhoIsStillAwaited(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation), Token);
        Subscription<RoundEvent> events = job.SubscribeToEvents();

        await job.RunRoundAsync(new(), Token);

        events.Dispose();
        RoundEvent[] seen = await events.ReadAllAsync(Token).ToArrayAsync(Token);
        HashSet<string> awaited = [.. seen[0].Participants!];
        Assert.Equal(["a", "b"], awaited.Order(StringComparer.Ordinal));
        awaited.ExceptWith(seen.Where(e => e.Kind == RoundEventKind.Verdict).Select(e => e.NodeId!));
        Assert.Empty(awaited);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task MetricsAndLogs_OfARoundWithValidation_AreKeptAndStreamed(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3, 4]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation);
        options.TrainingArgs = options.TrainingArgs with { TestRatio = 0.5, TestOnGlobalUpdates = true, TestOnLocalUpdates = true };
        await using Job job = await client.CreateJobAsync(options, Token);
        using Subscription<NodeLog> logs = client.Requests.SubscribeToLogs();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Token);
        bound.CancelAfter(TestTimeouts.Default);

        await job.RunRoundAsync(new(), Token);

        var phases = new HashSet<MetricPhase>();
        await foreach (NodeMetric metric in job.Metrics.ReadAllAsync(bound.Token))
        {
            Assert.Equal((job.Id, "a"), (metric.Message.JobId, metric.NodeId));
            phases.Add(metric.Phase);
            if (phases.IsSupersetOf([MetricPhase.ValidationOnGlobalUpdates, MetricPhase.ValidationOnLocalUpdates]))
            {
                break;
            }
        }

        Assert.NotEmpty(job.Metrics.Query(nodeId: "a", phase: MetricPhase.ValidationOnLocalUpdates));
        Assert.Equal("a", (await logs.ReadAllAsync(bound.Token).FirstAsync(bound.Token)).NodeId);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedJob), MemberType = typeof(Fleets))]
    [Trait("input", "15")]
    public async Task Client_Disposed_RefusesEveryCallBeforeAnyTraffic(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1]));
        FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation);
        await client.DisposeAsync();
        await client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.CreateJobAsync(options, Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.ResumeJobAsync("some", cancellationToken: Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.Requests.PingAsync(cancellationToken: Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.Requests.SearchAsync(["numbers"], cancellationToken: Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.Requests.ListAsync(cancellationToken: Token));
        Assert.Equal(0, federation.Repository.UploadCount);
    }

    [Fact]
    public async Task Repository_UploadAndDownload_ComeBackBitByBit()
    {
        await using FleetFederation federation = await TestFederation.StartAsync(Fleet.FedJobEmbedded, ("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        string path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, [1, 2, 3], Token);

        UploadedFile uploaded = await client.Repository.UploadAsync(path, "some.mpk", Token);

        Assert.Equal([1, 2, 3], await DownloadAsync(client.Repository, uploaded.Url));
        File.Delete(path);
    }

    private static async Task<TrainingPlanApprovalStatus> StatusAsync(Job job) =>
        Assert.Single(await job.CheckTrainingPlanApprovalAsync(Token)).Value.Status;

    private static async Task<byte[]> DownloadAsync(IRepository repository, Uri url)
    {
        string path = Path.Combine(Path.GetTempPath(), $"fedjob-test-{Guid.NewGuid():N}");
        await repository.DownloadAsync(new DownloadRequest { Url = url, DestinationPath = path }, Token);
        byte[] bytes = await File.ReadAllBytesAsync(path, Token);
        File.Delete(path);
        return bytes;
    }

    private static async Task<JobOptions> OptionsAsync(FedJobClient client, FleetFederation federation) => new()
    {
        TrainingPlan = federation.MeanPlan(100),
        Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
        TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 4 },
        ModelArgs = new JsonObject { ["start"] = 100.0 },
        RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
    };
}

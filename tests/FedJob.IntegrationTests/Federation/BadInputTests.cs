using System.Net;
using System.Net.Sockets;
using FedJob.Abstractions;
using FedJob.Node;
using FedJob.Nodes;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

/// <summary>What goes wrong is said clearly, in bounded time, and leaves nothing half-built.</summary>
public sealed class BadInputTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task SearchAsync_NoNode_SaysThatNobodyAnswered(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);

        NodeSearchException thrown = await Assert.ThrowsAsync<NodeSearchException>(
            () => client.Requests.SearchAsync(["numbers"], cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.NoNodeAnswered, thrown.Code);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task SearchAsync_WrongTags_NamesTagsAndNodesThatAnswered(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);

        NodeSearchException thrown = await Assert.ThrowsAsync<NodeSearchException>(
            () => client.Requests.SearchAsync(["letters"], cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.NoDatasetFound, thrown.Code);
        Assert.Equal(["a"], thrown.Answered);
        Assert.Contains("letters", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_DeadBroker_TypedWithinTheConnectTimeout()
    {
        var options = new FedJobClientOptions
        {
            Broker = new BrokerOptions { Port = FreePort(), ConnectTimeout = TimeSpan.FromSeconds(2) },
            Repository = new RepositoryOptions { Address = new Uri("http://127.0.0.1:1/") },
        };

        MessagingException thrown = await Assert.ThrowsAsync<MessagingException>(() => FedJobClient.ConnectAsync(options, cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.BrokerUnreachable, thrown.Code);
        Assert.Contains("127.0.0.1", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task CreateJobAsync_DeadRepository_TypedAndNothingLeft(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1]));
        FedJobClientOptions options = federation.ClientOptions;
        options.Repository = new RepositoryOptions { Address = new Uri($"http://127.0.0.1:{FreePort()}/"), MaximumAttempts = 2 };
        await using FedJobClient client = await FedJobClient.ConnectAsync(options, cancellationToken: Token);
        JobOptions job = await OptionsAsync(client, federation.MeanPlan());

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => client.CreateJobAsync(job, Token));

        Assert.Equal(FedJobErrorCode.RepositoryUnreachable, thrown.Code);
    }

    [Theory]
    [InlineData("FedJob.TestPlans.Missing", FedJobErrorCode.TrainingPlanTypeInvalid)]
    [InlineData("FedJob.TestPlans.NotAPlan", FedJobErrorCode.TrainingPlanTypeInvalid)]
    [InlineData("FedJob.TestPlans.BrokenPlan", FedJobErrorCode.TrainingPlanFailed)]
    public async Task CreateJobAsync_UnusableType_NamesTheType(string typeName, FedJobErrorCode expected)
    {
        await using LocalFederation federation = await TestFederation.StartAsync(("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions job = await OptionsAsync(client, TrainingPlanSource.FromAssembly(typeof(MeanPlan).Assembly.Location, typeName));

        TrainingPlanException thrown = await Assert.ThrowsAsync<TrainingPlanException>(() => client.CreateJobAsync(job, Token));

        Assert.Equal(expected, thrown.Code);
        Assert.Contains(typeName, thrown.Message, StringComparison.Ordinal);
        Assert.Equal(0, federation.Repository.UploadCount);
    }

    [Fact]
    public async Task CreateJobAsync_FileThatIsNoAssembly_Typed()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "no assembly", Token);
        await using LocalFederation federation = await TestFederation.StartAsync(("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions job = await OptionsAsync(client, TrainingPlanSource.FromAssembly(file, "Plan"));

        TrainingPlanException thrown = await Assert.ThrowsAsync<TrainingPlanException>(() => client.CreateJobAsync(job, Token));

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, thrown.Code);
        File.Delete(file);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_TrainingThrowsAtOneNode_FailsTheRoundWithItsReasonAndTheOthersVerdicts(Fleet fleet)
    {
        await using FleetFederation federation = await PoisonedAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, PickyPlan(fleet, federation)), Token);
        string before = job.ParametersPath;

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.Equal(
            [("bad", VerdictKind.TrainingFailed), ("good", VerdictKind.Succeeded)], thrown.Verdicts.Select(v => (v.NodeId, v.Kind)));
        Assert.Equal((FedJobErrorCode.RoundFailed, job.Id, 0), (thrown.Code, thrown.JobId, thrown.Round));
        Assert.Contains("this data is poisoned", thrown.Verdicts[0].Reason, StringComparison.Ordinal);
        Assert.Equal((0, before), (job.Round, job.ParametersPath));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_TrainingThrowsAtOneNode_DegradedWhereThePolicyAllows(Fleet fleet)
    {
        await using FleetFederation federation = await PoisonedAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, PickyPlan(fleet, federation)), Token);
        var policy = new RoundPolicy { Deadline = TestTimeouts.Default, MinimumReplies = Quorum.Count(1), Grace = TestTimeouts.Default };

        RoundResult result = await job.RunRoundAsync(new RoundRequest { Policy = policy }, Token);

        Assert.Equal(RoundOutcome.Degraded, result.Outcome);
        Assert.Equal(1, job.Round);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_NodeThatIsGone_IsLostWithoutWaitingForTheDeadline(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1]), ("b", [2]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation.MeanPlan()), Token);
        await federation.KillNodeAsync(1);

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Lost], thrown.Verdicts.Select(v => v.Kind));
    }

    [Theory]
    [MemberData(nameof(Fleets.FedJob), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ApprovalRequired_RunsOnlyTheExactBytesThatWereApproved(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, new LocalFederationOptions { RequireApproval = true }, ("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, TrainingPlanSource.FromType<MeanPlan>()), Token);
        RoundFailedException refused = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));
        FederatedNode node = federation.Nodes[0];
        await node.Approvals.ApproveAsync(job.TrainingPlanSha256, null, Token);

        RoundResult approved = await job.RunRoundAsync(new RoundRequest(), Token);
        await using Job changed = await client.CreateJobAsync(await OptionsAsync(client, ChangedPlan()), Token);
        RoundFailedException other = await Assert.ThrowsAsync<RoundFailedException>(() => changed.RunRoundAsync(new RoundRequest(), Token));

        Assert.Contains("approved", refused.Verdicts[0].Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(RoundOutcome.Completed, approved.Outcome);
        Assert.NotEqual(job.TrainingPlanSha256, changed.TrainingPlanSha256);
        Assert.Equal(VerdictKind.TrainingFailed, other.Verdicts[0].Kind);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_QuorumAboveParticipants_RefusedBeforeAnythingIsSent(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation.MeanPlan()), Token);

        ArgumentException thrown = await Assert.ThrowsAsync<ArgumentException>(
            () => job.RunRoundAsync(new RoundRequest { Policy = new RoundPolicy { MinimumReplies = Quorum.Count(5) } }, Token));

        Assert.Contains("5", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("1 participant", thrown.Message, StringComparison.Ordinal);
    }

    /// <summary>The same plan with one private file more: other bytes, so another plan to a node's owner.</summary>
    private static TrainingPlanSource ChangedPlan()
    {
        string directory = Directory.CreateTempSubdirectory("fedjob-plan-").FullName;
        string original = typeof(MeanPlan).Assembly.Location;
        string copy = Path.Combine(directory, Path.GetFileName(original));
        byte[] bytes = File.ReadAllBytes(original);

        // The time stamp in the PE header: the assembly still loads, and is another file.
        int peHeader = BitConverter.ToInt32(bytes, 0x3C);
        bytes[peHeader + 8] ^= 1;
        File.WriteAllBytes(copy, bytes);
        return TrainingPlanSource.FromAssembly(copy, typeof(MeanPlan).FullName!);
    }

    private static TrainingPlanSource PickyPlan(Fleet fleet, FleetFederation federation) =>
        fleet.IsFedBioMed() ? federation.MeanPlan() : TrainingPlanSource.FromType<PickyPlan>();

    private static Task<FleetFederation> PoisonedAsync(Fleet fleet)
    {
        var options = new LocalFederationOptions();
        if (fleet.IsFedBioMed())
        {
            options.FedBioMedNodes.Add(FleetFederation.Emulated("good", [1, 2]));
            options.FedBioMedNodes.Add(FleetFederation.Emulated(
                "bad", [3, 4], (_, _) => throw new InvalidOperationException("this data is poisoned")));
            return TestFederation.StartAsync(fleet, options);
        }

        options.Nodes.Add(new LocalNode("good") { Datasets = { TestFederation.Dataset("fine", 1, 2) } });
        options.Nodes.Add(new LocalNode("bad") { Datasets = { TestFederation.Dataset("poison", 3, 4) } });
        return TestFederation.StartAsync(fleet, options);
    }

    private static async Task<JobOptions> OptionsAsync(FedJobClient client, TrainingPlanSource plan) => new()
    {
        TrainingPlan = plan,
        Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
        TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 4 },
        RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default, PingInterval = TimeSpan.FromMilliseconds(300) },
    };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using FedJob.Abstractions;
using FedJob.IntegrationTests.Storage;
using FedJob.Rounds;
using FedJob.Testing.Faults;
using FedJob.Testing.Scripting;
using FedJob.TrainingPlans;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Rounds whose files cannot be had, come slowly, or do not fit on the disk.</summary>
public sealed class RepositoryFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("fault", "8")]
    public async Task RunRoundAsync_RepositoryDown_TypedAndTheJobGoesOnWhenItIsBack()
    {
        await using FaultFederation federation = await FaultFederation.StartAsync([], [Halfway("a", 10, 1), Halfway("b", 20, 1)]);
        await using FedJobClient client = await federation.ConnectAsync(o =>
        {
            o.Repository.RetryDelay = TimeSpan.FromMilliseconds(10);
            o.Repository.MaximumAttempts = 2;
        });
        await using Job job = await CreateJobAsync(client, new RoundPolicy { Deadline = TestTimeouts.Default });
        string before = job.ParametersPath;
        federation.Files.Set(new LinkFaults { Refuse = true });

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.Equal((before, 0), (job.ParametersPath, job.Round));
        Assert.All(thrown.Verdicts, v => Assert.Equal(VerdictKind.TrainingFailed, v.Kind));
        federation.Files.Set(LinkFaults.None);
        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token);
        Assert.Equal("a:Succeeded b:Succeeded", Verdicts(round));
        Assert.Equal((55.0 + 60) / 2, MeanOf(job), 1e-12);
    }

    [Fact]
    [Trait("fault", "9")]
    public async Task RunRoundAsync_OneNodesFileStandsStill_OnlyThatVerdictFails()
    {
        ScriptedNode slow = Halfway("slow", 1, 1);
        await using FaultFederation federation = await FaultFederation.StartAsync([Halfway("a", 10, 1), Halfway("b", 20, 1)], [slow]);
        await using FedJobClient client = await federation.ConnectAsync(o =>
        {
            o.Repository.IdleTimeout = TimeSpan.FromMilliseconds(400);
            o.Repository.RetryDelay = TimeSpan.FromMilliseconds(10);
            o.Repository.MaximumAttempts = 2;
        });
        RoundPolicy policy = new()
        {
            Deadline = TestTimeouts.Default,
            MinimumReplies = Quorum.Count(2),
            Grace = TestTimeouts.Default,
            DownloadParallelism = 1,
        };
        await using Job job = await CreateJobAsync(client, policy);

        // Its upload is the proxy's first connection; everything the researcher opens later meets a line on which nothing moves.
        federation.Files.Set(new LinkFaults { BytesPerSecond = 0 });
        federation.Files.Set(1, LinkFaults.None);
        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal("a:Succeeded b:Succeeded slow:DownloadFailed", Verdicts(round));
        Assert.Contains("nothing moved for 0.4 s", round.Verdicts[2].Reason, StringComparison.Ordinal);
        Assert.Equal((55.0 + 60) / 2, MeanOf(job), 1e-12);
    }

    [Fact]
    [Trait("fault", "9")]
    public async Task RunRoundAsync_OneNodesFileComesByteByByte_OthersDoNotWaitForIt()
    {
        ScriptedNode slow = Halfway("slow", 1, 1);
        await using FaultFederation federation = await FaultFederation.StartAsync([Halfway("a", 10, 1), Halfway("b", 20, 1)], [slow]);
        await using FedJobClient client = await federation.ConnectAsync();
        RoundPolicy policy = new() { Deadline = TestTimeouts.Default, MinimumReplies = Quorum.Count(2), DownloadParallelism = 2 };
        await using Job job = await CreateJobAsync(client, policy);
        federation.Files.Set(new LinkFaults { BytesPerSecond = 1, Direction = FaultDirection.ToClient });
        federation.Files.Set(1, LinkFaults.None);

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token).WaitAsync(TestTimeouts.Default, Token);

        Assert.Equal("a:Succeeded b:Succeeded slow:NotNeeded", Verdicts(round));
    }

    [Fact]
    [Trait("fault", "10")]
    public async Task RunRoundAsync_OneFileMissingOneCorrupt_OnlyTheirVerdictsFail()
    {
        await using FaultFederation federation = await FaultFederation.StartAsync(
            [Halfway("a", 10, 1), Halfway("corrupt", 1, 1).CorruptsFile(), Halfway("missing", 1, 1).MissingFile()]);
        await using FedJobClient client = await federation.ConnectAsync();
        RoundPolicy policy = new() { Deadline = TestTimeouts.Default, MinimumReplies = Quorum.Count(1), Grace = TestTimeouts.Default };
        await using Job job = await CreateJobAsync(client, policy);

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal("a:Succeeded corrupt:DownloadFailed missing:DownloadFailed", Verdicts(round));
        Assert.Contains("404", round.Verdicts[2].Reason, StringComparison.Ordinal);
        Assert.Equal(55, MeanOf(job), 1e-12);
    }

    [Fact]
    [Trait("fault", "11")]
    public async Task RunRoundAsync_DiskFull_TypedEarlierStateIntactTemporaryFilesRemoved()
    {
        using SmallDisk? disk = await SmallDisk.TryMountAsync(Token);
        Assert.SkipUnless(disk is not null, "needs the right to mount a tmpfs of 1 MiB");
        ScriptedNode[] nodes = [.. Enumerable.Range(0, 6).Select(i => new ScriptedNode($"n{i}"))];
        await using FaultFederation federation = await FaultFederation.StartAsync(nodes);
        await using FedJobClient client = await federation.ConnectAsync();
        string directory = Path.Combine(disk!.Root, "job");
        using var scratch = new ScratchDirectory();
        string module = scratch.Write("big.py", "class Big: pass"u8.ToArray());
        ModelParameters big = new() { ["mean"] = ParameterTensor.Create<double>(new double[25_000], 25_000) };
        await using Job job = await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromPythonModule(module, "Big", big),
                Data = await client.Requests.SearchAsync(["scripted"], cancellationToken: Token),
                TrainingArgs = new TrainingArgs { Epochs = 1 },
                RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
                WorkDirectory = directory,
            },
            Token);
        string[] before = [.. Directory.GetFiles(directory).Order()];
        byte[] parameters = await File.ReadAllBytesAsync(job.ParametersPath, Token);

        FedJobException thrown = await Assert.ThrowsAnyAsync<FedJobException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.Equal(before, Directory.GetFiles(directory).Order());

        // What came before the disk was full stays for the next attempt at the round; nothing half-written does.
        Assert.All(Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Except(before), f => Assert.Matches(@"update_[0-9a-f-]{36}\.mpk$", f));
        Assert.Equal(parameters, await File.ReadAllBytesAsync(job.ParametersPath, Token));
    }
}

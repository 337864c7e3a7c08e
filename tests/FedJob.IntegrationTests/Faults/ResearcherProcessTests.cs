using System.Collections.Concurrent;
using FedJob.Abstractions;
using FedJob.IntegrationTests.Federation;
using FedJob.IntegrationTests.Storage;
using FedJob.Testing;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Researchers as processes: two on one directory, one that is suspended, and one that dies over Python nodes.</summary>
public sealed class ResearcherProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("fault", "13")]
    public async Task ResumeJobAsync_DirectoryOfARunningProcess_IsRefusedAndThatOneGoesOn()
    {
        using var scratch = new ScratchDirectory();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedNode node = Held("a", gate.Task);
        await using LocalFederation federation = await StartAsync(node);
        using ResearcherChild first = ResearcherChild.Start(federation, scratch, "--tag", "scripted", "--rounds", "1");
        await first.LineAsync("begins 0");
        await node.WaitForAsync(c => c.Trainings == 1, Token).WaitAsync(TestTimeouts.Default, Token);

        ResearcherEnd second = await ResearcherChild.RunAsync(federation, scratch, "--tag", "scripted", "--rounds", "1");
        gate.SetResult();
        ResearcherEnd end = await first.EndAsync();

        Assert.True(second.ExitCode == 3 && second.Lines.Contains("refused JobDirectoryInUse"), second.ToString());
        Assert.True(end is { ExitCode: 0, LastEnded: 0 }, end.ToString());
        Assert.Equal(1, node.Counters.Requests);
    }

    [Fact]
    [Trait("fault", "18")]
    public async Task RunRoundAsync_ProcessSuspendedWhileRepliesCome_TheyCountWhenItGoesOn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs SIGSTOP and SIGCONT.");
        using var scratch = new ScratchDirectory();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedNode[] nodes = [Held("a", gate.Task), Held("b", gate.Task)];
        await using LocalFederation federation = await StartAsync(nodes);
        using ResearcherChild child = ResearcherChild.Start(federation, scratch, "--tag", "scripted", "--rounds", "1");
        await child.LineAsync("begins 0");
        await Task.WhenAll(nodes.Select(n => n.WaitForAsync(c => c.Trainings == 1, Token))).WaitAsync(TestTimeouts.Default, Token);

        await child.SignalAsync("STOP");
        gate.SetResult();
        await Task.WhenAll(nodes.Select(n => n.WaitForAsync(c => c.Replies >= 1, Token))).WaitAsync(TestTimeouts.Default, Token);
        await child.SignalAsync("CONT");
        ResearcherEnd end = await child.EndAsync();

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Contains("ended 0 a:Succeeded b:Succeeded", end.Lines);
        Assert.All(nodes, n => Assert.Equal(1, n.Counters.Trainings));
    }

    [Theory]
    [InlineData(1112, 1)]
    [InlineData(1112, 2)]
    [InlineData(1051, 3)]
    [InlineData(1051, 5)]
    [InlineData(1050, 7)]
    [Trait("fault", "12")]
    public async Task RunRoundAsync_KilledOverPythonNodes_TheSameRoundGoesOnAndEachUnansweredNodeIsAskedOnceMore(int eventId, int number)
    {
        using var scratch = new ScratchDirectory();
        string module = scratch.Write("mean_plan.py", "class MeanPlan:\n    pass\n"u8.ToArray());
        var trainings = new ConcurrentQueue<string>();
        Task Note(string node)
        {
            trainings.Enqueue(node);
            return Task.CompletedTask;
        }

        var options = new LocalFederationOptions
        {
            FedBioMedNodes =
            {
                FleetFederation.Emulated("a", [1, 2, 3], (_, _) => Note("a")),
                FleetFederation.Emulated("b", [10], (_, _) => Note("b")),
            },
        };
        await using LocalFederation federation = await LocalFederation.StartAsync(options, cancellationToken: Token);
        string[] arguments = ["--tag", "numbers", "--module", module, "--rounds", "2"];
        using var other = new ScratchDirectory();
        ResearcherEnd uninterrupted = await ResearcherChild.RunAsync(federation, other, arguments);
        Assert.True(uninterrupted.ExitCode == 0, uninterrupted.ToString());
        trainings.Clear();

        ResearcherEnd killed = await ResearcherChild.RunAsync(federation, scratch, [.. arguments, "--event", $"{eventId}", "--crash-at", $"{number}"]);
        ResearcherEnd resumed = await ResearcherChild.RunAsync(federation, scratch, arguments);

        Assert.True(killed.WasKilled, killed.ToString());
        Assert.True(resumed.ExitCode == 0, $"{killed}\n{resumed}");
        Assert.Equal(killed.LastBegun, resumed.ResumedAt);
        Assert.Equal(uninterrupted.Sha256, resumed.Sha256);
        Assert.All(trainings.GroupBy(n => n, StringComparer.Ordinal), node => Assert.InRange(node.Count(), 2, 3));
    }

    private static Task<LocalFederation> StartAsync(params ScriptedNode[] nodes) =>
        LocalFederation.StartAsync(new LocalFederationOptions { ScriptedNodes = [.. nodes] }, cancellationToken: Token);

    /// <summary>A node that sends the parameters back unchanged once it is let go.</summary>
    private static ScriptedNode Held(string nodeId, Task gate) => new(nodeId, async (task, cancellationToken) =>
    {
        await gate.WaitAsync(cancellationToken);
        return new EmulatedUpdate { Parameters = new ModelParameters(task.Parameters), SampleCount = 1 };
    });
}

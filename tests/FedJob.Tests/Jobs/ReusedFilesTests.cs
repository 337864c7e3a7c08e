using FedJob.Abstractions;
using FedJob.Rounds;
using FedJob.TrainingPlans;

namespace FedJob.Tests.Jobs;

/// <summary>Within a loop the files of one round's nodes become the next round's; outside nothing is left of them.</summary>
public sealed class ReusedFilesTests : IDisposable
{
    private readonly JobBench _bench = new();
    private float _value;

    public ReusedFilesTests() => _bench.Node = (ticket, request) =>
    {
        float[] weights = [.. Enumerable.Repeat(_value, WidePlan.Length)];
        return _bench.TrainedAsync(ticket, request, 10, weights);
    };

    [Fact]
    public async Task RunAsync_Loop_LaterRoundsTakeOverTheFilesOfTheRoundBefore()
    {
        await using Job job = await _bench.CreateAsync(Options());
        await foreach (RoundResult round in job.RunAsync(3, cancellationToken: JobBench.Token))
        {
            Assert.Equal(2 * round.Round, _bench.Files.Spares.Count);
            Assert.Equal(round.Round < 2 ? 2 : 0, Spares().Length);
            using ModelParameters parameters = job.OpenParameters();
            Assert.Equal(_value, parameters["w"].AsSpan<float>()[WidePlan.Length - 1]);
            _value++;
        }

        Assert.Empty(Folders());
    }

    [Fact]
    public async Task RunAsync_LoopLeftEarly_NothingIsKept()
    {
        await using Job job = await _bench.CreateAsync(Options());
        await foreach (RoundResult _ in job.RunAsync(3, cancellationToken: JobBench.Token))
        {
            Assert.NotEmpty(Spares());
            break;
        }

        Assert.Empty(Folders());
    }

    [Fact]
    public async Task RunRoundAsync_Alone_NothingIsKept()
    {
        await using Job job = await _bench.CreateAsync(Options());

        await job.RunRoundAsync(new RoundRequest(), JobBench.Token);

        Assert.Empty(Folders());
    }

    [Fact]
    public async Task DisposeAsync_AmidALoop_NothingIsKept()
    {
        Job job = await _bench.CreateAsync(Options());
        IAsyncEnumerator<RoundResult> rounds = job.RunAsync(3, cancellationToken: JobBench.Token).GetAsyncEnumerator(JobBench.Token);
        Assert.True(await rounds.MoveNextAsync());
        Assert.NotEmpty(Spares());

        await job.DisposeAsync();

        Assert.Empty(Folders());
        await rounds.DisposeAsync();
    }

    public void Dispose() => _bench.Dispose();

    private JobOptions Options()
    {
        JobOptions options = _bench.Options();
        options.TrainingPlan = TrainingPlanSource.FromType<WidePlan>();
        return options;
    }

    private string[] Folders() => Directory.GetDirectories(_bench.WorkDirectory);

    private string[] Spares() => [.. Directory.GetDirectories(_bench.WorkDirectory, "*-spare").SelectMany(Directory.GetFiles)];
}

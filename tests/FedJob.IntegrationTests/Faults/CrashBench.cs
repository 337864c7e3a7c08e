using FedJob.IntegrationTests.Federation;
using FedJob.IntegrationTests.Storage;
using FedJob.Testing;
using FedJob.Testing.Faults;
using Microsoft.Extensions.Logging;

namespace FedJob.IntegrationTests.Faults;

/// <summary>A federation that outlives its researchers, and a researcher run once to the end for comparison; one for all crash points.</summary>
public sealed class CrashBench : IAsyncLifetime
{
    public const int Nodes = 3;
    public const int Rounds = 3;

    private readonly ILoggerFactory _loggers;

    public CrashBench() => _loggers = LoggerFactory.Create(b => b.AddProvider(Ledger));

    internal NodeLedger Ledger { get; } = new();

    internal LocalFederation Federation { get; private set; } = null!;

    internal ResearcherEnd Uninterrupted { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new LocalFederationOptions();
        foreach ((string nodeId, double[] x) in new[] { ("a", new[] { 1.0, 2, 3 }), ("b", [10.0]), ("c", [4.0, 6]) })
        {
            options.Nodes.Add(new LocalNode(nodeId) { Datasets = { TestFederation.Dataset("numbers of " + nodeId, x) } });
        }

        Federation = await LocalFederation.StartAsync(options, _loggers, cancellationToken: TestContext.Current.CancellationToken);
        using var scratch = new ScratchDirectory();
        Uninterrupted = await RunAsync(scratch, "--list");
        Assert.True(Uninterrupted.ExitCode == 0, Uninterrupted.ToString());
    }

    internal Task<ResearcherEnd> RunAsync(ScratchDirectory scratch, params string[] more) => ResearcherChild.RunAsync(Federation, scratch, ["--tag", "numbers", .. more]);

    /// <summary>How often events of an id come in the uninterrupted run.</summary>
    internal int CountOf(int eventId) => Uninterrupted.Points.Count(p => p.EventId == eventId);

    internal IEnumerable<IGrouping<int, CrashPoint>> PointsById => Uninterrupted.Points.GroupBy(p => p.EventId);

    public async ValueTask DisposeAsync()
    {
        await Federation.DisposeAsync();
        _loggers.Dispose();
        Ledger.Dispose();
        GC.SuppressFinalize(this);
    }
}

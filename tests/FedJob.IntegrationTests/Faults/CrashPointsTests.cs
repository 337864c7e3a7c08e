using FedJob.Testing.Faults;
using Microsoft.Extensions.Logging;

namespace FedJob.IntegrationTests.Faults;

/// <summary>What counts as a crash point.</summary>
public sealed class CrashPointsTests
{
    [Fact]
    public void Reached_EventsOfFedJob_AreListedInOrderWithTheirTemplates()
    {
        using var points = new CrashPoints();
        using ILoggerFactory loggers = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(points));

        loggers.CreateLogger("FedJob.Rounds.RoundRunner").Log(LogLevel.Trace, new EventId(7), "Request {Id} goes out", "r1");
        loggers.CreateLogger("FedJobber").Log(LogLevel.Critical, new EventId(8), "not of FedJob");
        loggers.CreateLogger("FedJob").Log(LogLevel.Error, new EventId(9), "over");

        Assert.Equal([new CrashPoint(1, 7, "Request {Id} goes out"), new CrashPoint(2, 9, "over")], points.Reached);
    }

    [Fact]
    public void Reached_SomeIdsNamed_OnlyThoseCount()
    {
        using var points = new CrashPoints(new CrashPointsOptions { EventIds = { 9 } });
        ILogger logger = points.CreateLogger("FedJob.Job");

        logger.Log(LogLevel.Information, new EventId(7), "one");
        logger.Log(LogLevel.Information, new EventId(9), "two");

        Assert.Equal([new CrashPoint(1, 9, "two")], points.Reached);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Constructor_CrashAtBelowOne_IsRefused(int crashAt) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrashPoints(new CrashPointsOptions { CrashAt = crashAt }));
}

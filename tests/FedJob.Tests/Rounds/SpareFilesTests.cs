using FedJob.Rounds;
using FedJob.Tests.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Rounds;

public sealed class SpareFilesTests : IDisposable
{
    private const int Large = 300_000;

    private readonly TemporaryFolder _folder = new();

    private string Spare => _folder.At("spare");

    [Fact]
    public void TakeOver_AnotherRoundFollows_KeepsLargeFilesForTheNextRoundEachOnce()
    {
        SpareFiles spares = Open();
        spares.TakeOver(Round(("a.mpk", Large), ("b.mpk", Large), ("small.mpk", 10), ("c.part", Large)));

        string?[] taken = [spares.Take(), spares.Take(), spares.Take()];

        Assert.Equal([null, Path.Combine(Spare, "a.mpk"), Path.Combine(Spare, "b.mpk")], taken.Order());
        Assert.Equal(["c.part", "small.mpk"], Directory.GetFiles(_folder.At("round")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void TakeOver_TheNextRound_WhatWasNotTakenGoes()
    {
        SpareFiles spares = Open();
        spares.TakeOver(Round(("a.mpk", Large), ("b.mpk", Large)));
        spares.TakeOver(Round(("c.mpk", Large)));

        Assert.Equal(["c.mpk"], Directory.GetFiles(Spare).Select(Path.GetFileName));
        Assert.Equal(Path.Combine(Spare, "c.mpk"), spares.Take());
        Assert.Null(spares.Take());
    }

    [Fact]
    public void TakeOver_NoRoundFollows_KeepsNothing()
    {
        var spares = new SpareFiles(Spare, NullLogger.Instance);

        spares.TakeOver(Round(("a.mpk", Large)));

        Assert.Null(spares.Take());
        Assert.True(File.Exists(Path.Combine(_folder.At("round"), "a.mpk")));
    }

    [Fact]
    public void Close_Spares_AreGoneAndNoMoreAreKept()
    {
        SpareFiles spares = Open();
        spares.TakeOver(Round(("a.mpk", Large)));

        spares.Close();
        spares.TakeOver(Round(("b.mpk", Large)));

        Assert.Null(spares.Take());
        Assert.False(Directory.Exists(Spare));
    }

    public void Dispose() => _folder.Dispose();

    private SpareFiles Open()
    {
        var spares = new SpareFiles(Spare, NullLogger.Instance);
        spares.Begin(another: true);
        return spares;
    }

    private string Round(params (string Name, int Length)[] files)
    {
        string directory = Directory.CreateDirectory(_folder.At("round")).FullName;
        foreach ((string name, int length) in files)
        {
            File.WriteAllBytes(Path.Combine(directory, name), new byte[length]);
        }

        return directory;
    }
}

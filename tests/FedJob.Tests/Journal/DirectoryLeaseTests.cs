using FedJob.Abstractions;
using FedJob.Journal;
using FedJob.Tests.Node;

namespace FedJob.Tests.Journal;

/// <summary>One job has the lease of a directory; those who look whether it is taken are never in its way.</summary>
public sealed class DirectoryLeaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void IsHeld_BeforeDuringAndAfterALease_TellsIt()
    {
        bool before = DirectoryLease.IsHeld(_folder.Path);
        bool during;
        using (DirectoryLease.Take(_folder.Path))
        {
            during = DirectoryLease.IsHeld(_folder.Path);
        }

        Assert.Equal((false, true, false), (before, during, DirectoryLease.IsHeld(_folder.Path)));
    }

    [Fact]
    [Trait("fault", "13")]
    public void Take_WhileOneIsHeld_IsRefusedAndTheSignStays()
    {
        using DirectoryLease first = DirectoryLease.Take(_folder.Path);

        JournalException refused = Assert.Throws<JournalException>(() => DirectoryLease.Take(_folder.Path));

        Assert.Equal(FedJobErrorCode.JobDirectoryInUse, refused.Code);
        Assert.True(DirectoryLease.IsHeld(_folder.Path));
    }

    [Fact]
    [Trait("fault", "13")]
    public void Take_SomebodyStoppedInTheMiddleOfALook_IsGranted()
    {
        DirectoryLease.Take(_folder.Path).Dispose();

        // A look that does not end: every file of the lease that a look opens, opened in its way.
        Assert.False(DirectoryLease.IsHeld(_folder.Path));
        using var look = new FileStream(_folder.At(DirectoryLease.SignFileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

        using DirectoryLease lease = DirectoryLease.Take(_folder.Path);
        Assert.Throws<JournalException>(() => DirectoryLease.Take(_folder.Path));
    }

    [Fact]
    [Trait("fault", "13")]
    public async Task Take_OthersLookWithoutPause_EachTimeGranted()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        DirectoryLease.Take(_folder.Path).Dispose();
        Task looking = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    DirectoryLease.IsHeld(_folder.Path);
                }
            },
            TestContext.Current.CancellationToken);

        for (int i = 0; i < 1000; i++)
        {
            DirectoryLease.Take(_folder.Path).Dispose();
        }

        await stop.CancelAsync();
        await looking;
        using DirectoryLease last = DirectoryLease.Take(_folder.Path);
        Assert.True(DirectoryLease.IsHeld(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();
}

using FedJob.Node.State;

namespace FedJob.Tests.Node.State;

public sealed class NodeStateStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_StateOfAnotherJob_IsNull()
    {
        NodeStateStore store = Open();
        Commit(store, "job_a", "state_1");

        Assert.NotNull(store.Find("job_a", "state_1"));
        Assert.Null(store.Find("job_b", "state_1"));
        Assert.Null(store.Find("job_a", "state_2"));
    }

    [Fact]
    public void Commit_BeyondTheLimitOfAJob_KeepsTheLastOnes()
    {
        NodeStateStore store = Open(statesPerJob: 2);

        Commit(store, "job", "1");
        Commit(store, "job", "2");
        Commit(store, "job", "3");

        Assert.Null(store.Find("job", "1"));
        Assert.NotNull(store.Find("job", "2"));
        Assert.Equal("3", File.ReadAllText(store.Find("job", "3")!));
    }

    [Fact]
    public void Commit_BeyondTheLimitOfJobs_DropsTheOneLongestUnused()
    {
        NodeStateStore store = Open(maximumJobs: 2);
        Commit(store, "old", "1");
        Directory.SetLastWriteTimeUtc(Directory.GetDirectories(_folder.At("states"))[0], new DateTime(2020, 1, 1));
        Commit(store, "kept", "1");

        Commit(store, "new", "1");

        Assert.Null(store.Find("old", "1"));
        Assert.NotNull(store.Find("kept", "1"));
        Assert.NotNull(store.Find("new", "1"));
    }

    private NodeStateStore Open(int statesPerJob = 4, int maximumJobs = 8) => new(_folder.At("states"), statesPerJob, maximumJobs);

    private void Commit(NodeStateStore store, string job, string state) => store.Commit(job, state, _folder.Write("plan.state", state));
}

using FedJob.Node.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Node.State;

public sealed class FinishedRepliesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FindAsync_AfterARestart_GivesTheSameBytesAndProperties()
    {
        const string Payload = """{"timing": {"rtime_training": 1.0}, "msg": "é \" \u0000"}""";
        string key = FinishedReplies.KeyOf("researcher", "job", "request");
        await Open().KeepAsync(key, Reply(Payload), Token);

        KeptReply? found = await Open().FindAsync(key, Token);

        Assert.Equal(Payload, found!.Payload);
        Assert.Equal("1", found.Properties["fedjob"]);
    }

    [Fact]
    public async Task FindAsync_SameRequestIdOfAnotherResearcherOrJob_IsNull()
    {
        FinishedReplies replies = Open();
        await replies.KeepAsync(FinishedReplies.KeyOf("researcher", "job", "request"), Reply("{}"), Token);

        Assert.Null(await replies.FindAsync(FinishedReplies.KeyOf("other", "job", "request"), Token));
        Assert.Null(await replies.FindAsync(FinishedReplies.KeyOf("researcher", "other", "request"), Token));
    }

    [Fact]
    public async Task KeepAsync_BeyondCapacity_ForgetsTheOldest()
    {
        FinishedReplies replies = Open(capacity: 2);

        foreach (string key in (string[])["a", "b", "c"])
        {
            await replies.KeepAsync(key, Reply(key), Token);
        }

        Assert.Null(await replies.FindAsync("a", Token));
        Assert.Equal("c", (await replies.FindAsync("c", Token))!.Payload);
    }

    [Fact]
    public async Task FindAsync_DamagedFile_IsNullAndTheFileGoes()
    {
        FinishedReplies replies = Open();
        await replies.KeepAsync("a", Reply("{}"), Token);
        string file = Assert.Single(Directory.GetFiles(_folder.Path));
        await File.WriteAllTextAsync(file, "{", Token);

        Assert.Null(await replies.FindAsync("a", Token));
        Assert.False(File.Exists(file));
    }

    private static KeptReply Reply(string payload) =>
        new() { Payload = payload, Properties = new Dictionary<string, string> { ["fedjob"] = "1" } };

    private FinishedReplies Open(int capacity = 10) => new(_folder.Path, capacity, NullLogger.Instance);
}

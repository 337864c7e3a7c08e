using FedJob.Abstractions;
using FedJob.Node.State;

namespace FedJob.Tests.Node.State;

public sealed class StateDirectoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Take_DirectoryOfARunningNode_ThrowsAndNamesTheOption()
    {
        using StateDirectory first = StateDirectory.Take(_folder.Path);

        var exception = Assert.Throws<FedJobException>(() => StateDirectory.Take(_folder.Path));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, exception.Code);
        Assert.Contains("StateDirectory", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_AfterACrash_RemovesWhatWasHalfDone()
    {
        Directory.CreateDirectory(_folder.At("work/abc"));
        Directory.CreateDirectory(_folder.At("approvals"));
        _folder.Write("work/abc/node.mpk", "half");
        _folder.Write("approvals/x.json.tmp", "half");

        using StateDirectory directory = StateDirectory.Take(_folder.Path);

        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("work")));
        Assert.Empty(Directory.GetFiles(_folder.At("approvals")));
    }

    [Fact]
    public void Take_PathOfAFile_ThrowsLocalFileFailed()
    {
        string file = _folder.Write("file", "x");

        var exception = Assert.Throws<FedJobException>(() => StateDirectory.Take(file));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, exception.Code);
    }

    [Fact]
    public async Task GetNodeIdAsync_NoneConfigured_IsMadeOnceAndKept()
    {
        string first = await GetIdAsync(null);
        string second = await GetIdAsync(null);

        Assert.StartsWith("node_", first, StringComparison.Ordinal);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task GetNodeIdAsync_Configured_Wins()
    {
        await GetIdAsync(null);

        Assert.Equal("chosen", await GetIdAsync("chosen"));
    }

    [Fact]
    public async Task GetNodeIdAsync_FileHoldsNoId_ThrowsLocalFileFailed()
    {
        _folder.Write("node.id", "general/#");

        var exception = await Assert.ThrowsAsync<FedJobException>(() => GetIdAsync(null));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, exception.Code);
    }

    private async Task<string> GetIdAsync(string? configured)
    {
        using StateDirectory directory = StateDirectory.Take(_folder.Path);
        return await directory.GetNodeIdAsync(configured, Token);
    }
}

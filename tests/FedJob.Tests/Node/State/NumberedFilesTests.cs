using FedJob.Node.State;

namespace FedJob.Tests.Node.State;

public sealed class NumberedFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Added_BeyondCapacity_DeletesTheOldest()
    {
        NumberedFiles files = Open(2);

        Write(files, "a");
        Write(files, "b");
        Write(files, "c");

        Assert.Null(files.Find("a"));
        Assert.Equal("c", File.ReadAllText(files.Find("c")!));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void Open_AfterARestart_KnowsFilesAndTheirOrder()
    {
        NumberedFiles before = Open(2);
        Write(before, "a");
        Write(before, "b");

        NumberedFiles after = Open(2);
        Write(after, "c");

        Assert.Null(after.Find("a"));
        Assert.NotNull(after.Find("b"));
        Assert.NotNull(after.Find("c"));
    }

    [Fact]
    public void Added_SameKeyAgain_ReplacesTheOlderFile()
    {
        NumberedFiles files = Open(3);
        Write(files, "a");

        (long number, string path) = files.Next("a");
        File.WriteAllText(path, "newer");
        files.Added(number, "a");

        Assert.Equal("newer", File.ReadAllText(files.Find("a")!));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Open_FilesThatAreNotItsOwn_AreLeftAlone()
    {
        _folder.Write("note.state", "x");

        NumberedFiles files = Open(1);
        Write(files, "a");

        Assert.True(File.Exists(_folder.At("note.state")));
    }

    private static void Write(NumberedFiles files, string key)
    {
        (long number, string path) = files.Next(key);
        File.WriteAllText(path, key);
        files.Added(number, key);
    }

    private NumberedFiles Open(int capacity) => new(_folder.Path, ".state", capacity);
}

using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class AggregatedParametersDraftTests : IDisposable
{
    private static readonly ModelParameters Model = new()
    {
        ["weight"] = ParameterTensor.FromArray(new[] { 1f, 2, 3, 4, 5, 6 }, 2, 3).WithKind(TensorKind.TorchTensor),
        ["scalar"] = ParameterTensor.FromMemory<double>(new[] { 7d }, []),
        ["big"] = ParameterTensor.FromArray([.. Enumerable.Range(0, 30_000)]),
    };

    private readonly string _directory = Directory.CreateTempSubdirectory("fedjob-draft-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task CompleteAsync_BlocksInAnyOrder_GivesTheBytesOfAFileWrittenAtOnce()
    {
        WrittenFile expected = await AggregatedParametersFile.WriteAsync(At("expected.mpk"), "researcher_é", Model, Token);
        using AggregatedParametersDraft draft = AggregatedParametersDraft.Create(At("draft.mpk"), "researcher_é", Model);
        draft.Write("big", 20_000, Model["big"].AsSpan<int>(20_000, 10_000));
        draft.Write("weight", 4, Model["weight"].AsSpan<float>(4, 2));
        draft.Write("scalar", 0, Model["scalar"].AsSpan<double>());
        draft.Write("big", 0, Model["big"].AsSpan<int>(0, 20_000));
        draft.Write("weight", 0, Model["weight"].AsSpan<float>(0, 4));

        WrittenFile written = await draft.CompleteAsync(Token);

        Assert.Equal(expected with { Path = written.Path }, written);
        Assert.Equal(await File.ReadAllBytesAsync(expected.Path, Token), await File.ReadAllBytesAsync(written.Path, Token));
    }

    [Fact]
    public async Task CompleteAsync_ABlockMissing_IsRefusedAndLeavesNothing()
    {
        using (AggregatedParametersDraft draft = AggregatedParametersDraft.Create(At("draft.mpk"), "researcher_1", Model))
        {
            draft.Write("weight", 0, Model["weight"].AsSpan<float>());

            InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => draft.CompleteAsync(Token));

            Assert.Contains("120008 bytes", refused.Message, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Write_WhereItDoesNotFit_IsRefused()
    {
        using AggregatedParametersDraft draft = AggregatedParametersDraft.Create(At("draft.mpk"), "researcher_1", Model);

        Assert.Throws<ArgumentException>(() => draft.Write("other", 0, [1f]));
        Assert.Throws<ArgumentException>(() => draft.Write("weight", 0, [1d]));
        Assert.Throws<ArgumentOutOfRangeException>(() => draft.Write("weight", 5, [1f, 2f]));
        Assert.Throws<ArgumentOutOfRangeException>(() => draft.Write("weight", -1, [1f]));
    }

    [Fact]
    public void Write_AfterDispose_IsRefused()
    {
        AggregatedParametersDraft draft = AggregatedParametersDraft.Create(At("draft.mpk"), "researcher_1", Model);
        draft.Dispose();
        draft.Dispose();

        Assert.Throws<ObjectDisposedException>(() => draft.Write("weight", 0, [1f]));
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Create_FolderThatIsNotThere_IsALocalFileFailure()
    {
        FedJobException failed = Assert.Throws<FedJobException>(
            () => AggregatedParametersDraft.Create(Path.Combine(_directory, "none", "draft.mpk"), "researcher_1", Model));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, failed.Code);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string At(string name) => Path.Combine(_directory, name);
}

using FedJob.Abstractions;
using FedJob.Node.Datasets;
using FedJob.Node.State;

namespace FedJob.Tests.Node.Datasets;

public sealed class DatasetRegistryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "a,b")]
    [InlineData("x", "a,b")]
    [InlineData("x,y", "a")]
    [InlineData("y,x", "a")]
    [InlineData("z", "b")]
    [InlineData("X", "")]
    [InlineData("x,unknown", "")]
    public async Task Search_Tags_FindsWhatCarriesThemAll(string tags, string expected)
    {
        using StateDirectory directory = StateDirectory.Take(_folder.Path);
        using DatasetRegistry registry = await DatasetRegistry.OpenAsync(directory, Token);
        await registry.AddAsync(Table("a", "x", "y"), Token);
        await registry.AddAsync(Table("b", "x", "z"), Token);

        IReadOnlyList<RegisteredDataset> found = registry.Search(tags.Split(',', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(expected, string.Join(',', found.Select(d => d.Dataset.Data.Name)));
    }

    [Fact]
    public async Task AddAsync_AfterARestart_GivesTheSameId()
    {
        string first = await AddOnceAsync();
        string second = await AddOnceAsync();

        Assert.StartsWith("dataset_", first, StringComparison.Ordinal);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task ReadKnownAsync_AfterARegistration_DescribesIt()
    {
        string id = await AddOnceAsync();

        KnownDataset known = Assert.Single(await DatasetRegistry.ReadKnownAsync(_folder.Path, Token));

        Assert.Equal((id, "a", "csv"), (known.Id, known.Name, known.DataType));
        Assert.Equal([2, 2], known.Shape);
    }

    [Fact]
    public async Task AddAsync_SameNameTwice_ThrowsDatasetInvalid()
    {
        using StateDirectory directory = StateDirectory.Take(_folder.Path);
        using DatasetRegistry registry = await DatasetRegistry.OpenAsync(directory, Token);
        await registry.AddAsync(Table("a", "x"), Token);

        var exception = await Assert.ThrowsAsync<FedJobException>(() => registry.AddAsync(Table("a", "y"), Token));

        Assert.Equal(FedJobErrorCode.DatasetInvalid, exception.Code);
        Assert.Single(registry.All);
    }

    [Fact]
    public async Task AddCsvAsync_SameFileTwice_ThrowsDatasetInvalid()
    {
        string path = _folder.Write("a.csv", "v\n1\n");
        using StateDirectory directory = StateDirectory.Take(_folder.At("state"));
        using DatasetRegistry registry = await DatasetRegistry.OpenAsync(directory, Token);
        await registry.AddCsvAsync(path, "one", ["x"], "", Token);

        var exception = await Assert.ThrowsAsync<FedJobException>(() => registry.AddCsvAsync(path, "two", ["x"], "", Token));

        Assert.Contains("registered already", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddAsync_BadTags_ThrowsDatasetInvalid()
    {
        using StateDirectory directory = StateDirectory.Take(_folder.Path);
        using DatasetRegistry registry = await DatasetRegistry.OpenAsync(directory, Token);
        NodeDataset[] all = [Table("a"), Table("a", ""), Table("a", "x", "x"), Table("a", "x\u0000"), Table("a", new string('x', 129))];
        foreach (NodeDataset bad in all)
        {
            var exception = await Assert.ThrowsAsync<FedJobException>(() => registry.AddAsync(bad, Token));
            Assert.Equal(FedJobErrorCode.DatasetInvalid, exception.Code);
        }
    }

    [Fact]
    public async Task OpenAsync_DamagedFile_ThrowsLocalFileFailed()
    {
        using StateDirectory directory = StateDirectory.Take(_folder.Path);
        _folder.Write("datasets.json", "{ \"half");

        var exception = await Assert.ThrowsAsync<FedJobException>(() => DatasetRegistry.OpenAsync(directory, Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, exception.Code);
    }

    [Fact]
    public async Task ToSearchEntry_Table_TellsShapeAndPandasTypesAndNoPath()
    {
        using StateDirectory directory = StateDirectory.Take(_folder.Path);
        using DatasetRegistry registry = await DatasetRegistry.OpenAsync(directory, Token);

        RegisteredDataset registered = await registry.AddAsync(Table("a", "x") with { SourcePath = "secret.csv" }, Token);

        Assert.Equal(["float64", "object"], registered.ToSearchEntry().ColumnTypes!);
        Assert.Equal([2, 2], registered.ToSearchEntry().Shape!);
        Assert.Null(registered.ToListEntry().ColumnTypes);
        Assert.DoesNotContain("secret", registered.ToSearchEntry().ToString(), StringComparison.Ordinal);
    }

    private static NodeDataset Table(string name, params string[] tags) => new()
    {
        Data = new TabularDataset(name, [DatasetColumn.FromNumbers("v", [1, 2]), DatasetColumn.FromTexts("t", ["p", "q"])]),
        Tags = tags,
    };

    private async Task<string> AddOnceAsync()
    {
        using StateDirectory directory = StateDirectory.Take(_folder.Path);
        using DatasetRegistry registry = await DatasetRegistry.OpenAsync(directory, Token);
        return (await registry.AddAsync(Table("a", "x"), Token)).Id;
    }
}

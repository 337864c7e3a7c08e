using FedJob.Abstractions;
using FedJob.Node.Datasets;

namespace FedJob.Tests.Node.Datasets;

public sealed class CsvTableTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_NumbersAndTexts_DetectsColumnsAndMissingValues()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("p.csv", "species,bill,mass\r\nAdelie,39.1,3750\r\n,NA,\r\n\"Gentoo, big\",-1e3,nan\r\n");

        TabularDataset table = await CsvTable.ReadAsync(path, "penguins", Token);

        Assert.Equal(3, table.SampleCount);
        Assert.False(table["species"].IsNumeric);
        Assert.Equal(["Adelie", "", "Gentoo, big"], Enumerable.Range(0, 3).Select(table["species"].GetText));
        Assert.Equal([39.1, double.NaN, -1000], table["bill"].Numbers.ToArray());
        Assert.Equal([3750, double.NaN, double.NaN], table["mass"].Numbers.ToArray());
    }

    [Fact]
    public async Task ReadAsync_TextThatLooksMissingInATextColumn_IsKept()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("p.csv", "country\nNA\nDE\n");

        TabularDataset table = await CsvTable.ReadAsync(path, "countries", Token);

        Assert.Equal("NA", table["country"].GetText(0));
    }

    [Fact]
    public async Task ReadAsync_ByteOrderMark_IsNoPartOfTheFirstName()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.At("b.csv"), [0xEF, 0xBB, 0xBF, .. "x\n1\n"u8], Token);

        TabularDataset table = await CsvTable.ReadAsync(folder.At("b.csv"), "b", Token);

        Assert.Equal("x", table.Columns[0].Name);
    }

    [Theory]
    [InlineData("a,b\n1\n", "line 2 has 1 fields, but the header has 2")]
    [InlineData("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, but the header has 2")]
    [InlineData("a,a\n1,2\n", "the header has the column 'a' twice")]
    [InlineData("a,\n1,2\n", "column 2 has no name")]
    [InlineData("a,b\n", "it has a header but no row")]
    [InlineData("", "it is empty")]
    public async Task ReadAsync_BadFile_ThrowsDatasetInvalidWithFileAndLine(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("bad.csv", text);

        var exception = await Assert.ThrowsAsync<FedJobException>(() => CsvTable.ReadAsync(path, "bad", Token));

        Assert.Equal(FedJobErrorCode.DatasetInvalid, exception.Code);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_NotUtf8_ThrowsDatasetInvalid()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.At("latin.csv"), [(byte)'a', (byte)'\n', 0xE9, (byte)'\n'], Token);

        var exception = await Assert.ThrowsAsync<FedJobException>(() => CsvTable.ReadAsync(folder.At("latin.csv"), "latin", Token));

        Assert.Equal(FedJobErrorCode.DatasetInvalid, exception.Code);
    }

    [Fact]
    public async Task ReadAsync_NoSuchFile_ThrowsDatasetInvalid()
    {
        using var folder = new TemporaryFolder();

        var exception = await Assert.ThrowsAsync<FedJobException>(() => CsvTable.ReadAsync(folder.At("none.csv"), "none", Token));

        Assert.Equal(FedJobErrorCode.DatasetInvalid, exception.Code);
    }
}

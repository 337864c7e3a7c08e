using CsCheck;
using FedJob.Node.Datasets;

namespace FedJob.Tests.Node.Datasets;

public sealed class CsvParserTests
{
    [Theory]
    [InlineData("a,b\n1,2\n", "a|b;1|2")]
    [InlineData("a,b\r\n1,2\r\n", "a|b;1|2")]
    [InlineData("a,b\n1,2", "a|b;1|2")]
    [InlineData("a\n\n\nb\n", "a;b")]
    [InlineData("a,,\n", "a||")]
    [InlineData("\"a,b\",\"say \"\"x\"\"\"\n", "a,b|say \"x\"")]
    [InlineData("\"two\nlines\",z\n", "two\nlines|z")]
    [InlineData("\"\"\n", "")]
    [InlineData("", null)]
    public void Feed_WellFormedText_GivesTheRecords(string text, string? expected)
    {
        Assert.Equal(expected, Join(Parse(text)));
    }

    [Theory]
    [InlineData("a\n\"b", "the quoted field that begins on line 2 does not end")]
    [InlineData("a\n\"b\"c\n", "line 2 has 'c' after a closing quote")]
    [InlineData("a\nb\"c\n", "line 2 has a quote inside a field")]
    [InlineData("a\rb\n", "line 1 has a carriage return that no line feed follows")]
    public void Feed_MalformedText_NamesTheLine(string text, string expected)
    {
        var exception = Assert.Throws<FormatException>(() => Parse(text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Feed_QuotedLineEnds_NumbersRecordsByTheirFirstLine()
    {
        List<long> lines = [];
        var parser = new CsvParser((_, line) => lines.Add(line));

        parser.Feed("a\n\"x\ny\"\nb\n");
        parser.End();

        Assert.Equal([1, 2, 4], lines);
    }

    [Fact]
    public void Feed_AnyFieldsInAnyPieces_GivesThemBack()
    {
        Gen<string> field = Gen.String[Gen.Char["aé,\"\n 1"], 0, 5];
        Gen.Select(field.Array[2, 4].Array[1, 5], Gen.Int[1, 7]).Sample((rows, piece) =>
        {
            string text = string.Join("\r\n", rows.Select(row => string.Join(',', row.Select(f => $"\"{f.Replace("\"", "\"\"")}\""))));

            List<string[]> parsed = Parse(text, piece);

            Assert.Equal(rows, parsed);
        });
    }

    private static List<string[]> Parse(string text, int piece = int.MaxValue)
    {
        List<string[]> records = [];
        var parser = new CsvParser((fields, _) => records.Add([.. fields]));
        for (int start = 0; start < text.Length; start += Math.Min(piece, text.Length - start))
        {
            parser.Feed(text.AsSpan(start, Math.Min(piece, text.Length - start)));
        }

        parser.End();
        return records;
    }

    private static string? Join(List<string[]> records) =>
        records.Count == 0 ? null : string.Join(';', records.Select(r => string.Join('|', r)));
}

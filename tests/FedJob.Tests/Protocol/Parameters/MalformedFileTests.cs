using System.Text;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class MalformedFileTests
{
    public static TheoryData<string, byte[], long, string> Malformed => new()
    {
        { "empty", [], 0, "empty" },
        { "list length lies", [0xDD, 0xFF, 0xFF, 0xFF, 0xFF, 1], 0, "announces 4294967295 items" },
        { "list16 length lies", [0x91, 0xDC, 0xFF, 0xFF], 1, "announces 65535 items" },
        { "fixed list too short", [0x93, 1, 2], 0, "announces 3 items" },
        { "map length lies", [0xDF, 0x7F, 0xFF, 0xFF, 0xFF, 1, 1], 0, "announces 2147483647 entries" },
        { "map with half an entry", [0x81, 1], 0, "announces 1 entries" },
        { "bytes length lies", [0xC6, 0xFF, 0xFF, 0xFF, 0xFF, 0], 0, "length of 4294967295 bytes" },
        { "text length lies", [0x91, 0xDB, 0x7F, 0xFF, 0xFF, 0xFF], 1, "length of 2147483647 bytes" },
        { "short text lies", [0xA5, 0x61], 0, "length of 5 bytes" },
        { "number cut off", [0x92, 1, 0xCB, 0, 0, 0], 2, "cut off" },
        { "header cut off", [0xDD, 0], 0, "cut off" },
        { "reserved byte", [0x92, 1, 0xC1], 2, "reserved" },
        { "fixext1", [0xD4, 1, 1], 0, "extension type" },
        { "fixext16", [0x91, 0xD8, .. new byte[17]], 1, "extension type" },
        { "ext8", [0xC7, 1, 1, 1], 0, "extension type" },
        { "ext32", [0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 1], 0, "extension type" },
        { "timestamp", [0xD6, 0xFF, 0, 0, 0, 0], 0, "extension type" },
        { "trailing", [0xC0, 0xC0], 1, "the input goes on to byte 2" },
        { "pickle", [0x80, 0x04, 0x95, 0x10, 0, 0], 1, "Python pickle" },
        { "zip", Encoding.ASCII.GetBytes("PK\u0003\u0004torch"), 1, "zip archive" },
        { "HTML", Encoding.ASCII.GetBytes("<!DOCTYPE html><html></html>"), 1, "HTML" },
        { "JSON", Encoding.ASCII.GetBytes("\n {\"a\": 1}"), 1, "JSON" },
        { "not UTF-8", [0x91, 0xA2, 0xC3, 0x28], 1, "not UTF-8" },
        { "surrogate in UTF-8", [0xA3, 0xED, 0xA0, 0x80], 0, "not UTF-8" },
        { "duplicate key", [0x82, 0xA1, 0x61, 1, 0xA1, 0x61, 2], 4, "'a' stands twice" },
        { "same key to Python", [0x82, 1, 1, 0xC3, 2], 3, "stands twice" },
        { "list as key", [0x81, 0x90, 1], 1, "a list cannot be a map's key" },
        { "unknown type", Wire.Typed("mystery", 1), 0, "__type__ is 'mystery'" },
        { "unknown type without value", [0x81, .. Wire.Text("__type__"), .. Wire.Text("set")], 0, "__type__ is 'set'" },
        { "type is no text", [0x82, .. Wire.Text("__type__"), 5, .. Wire.Text("value"), 1], 0, "__type__ beside 'value' is a int" },
        { "value is missing", [0x81, .. Wire.Text("__type__"), .. Wire.Text("tuple")], 0, "this tuple has 1 keys" },
        { "nil for an array", Wire.Typed("np.ndarray", 0xC0), 0, "must be [bytes, dtype, shape], got a None" },
        { "empty scalar", Wire.Typed("np.generic", [0x92, 0xC4, 0, .. Wire.Text("float32")]), 0, "must have 4 bytes, this one has 0" },
        { "empty Vector", Wire.Typed("Vector", 0x80), 0, "needs at least one coefficient" },
        { "Vector of numbers", Wire.Typed("Vector", 0x81, 0xA1, 0x61, 1), 0, "coefficient 'a' is a int" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    [Trait("input", "10")]
    public void Read_MalformedInput_IsRefusedNamingTheOffset(string what, byte[] bytes, long offset, string reason)
    {
        var refusal = Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(bytes));

        Assert.True(refusal.Message.Contains(reason, StringComparison.Ordinal), $"{what}: {refusal.Message}");
        Assert.Equal(offset, refusal.Offset);
    }

    [Fact]
    [Trait("input", "10")]
    public void Read_LengthsThatLie_AllocateNothingForThem()
    {
        byte[] liar = [0x92, 0xDD, 0, 0x0F, 0xFF, 0xF0, .. Enumerable.Repeat((byte)0xDD, 1 << 20)];
        Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(liar));
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(liar));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 14);
    }

    [Theory]
    [InlineData(new byte[] { 0x91, 0xC0 })]
    [InlineData(new byte[] { 0x81, 0xC0, 0xC0 })]
    [InlineData(new byte[] { 0xA2, 0x61, 0x62 })]
    [InlineData(new byte[] { 0xCD, 0x10, 0x00 })]
    [Trait("input", "10")]
    public void Read_AMillionTinyValues_NeverTakesMoreThanTenTimesTheInput(byte[] item)
    {
        const int Count = 1_000_000;
        byte[] bytes = [0xDD, 0, 0x0F, 0x42, 0x40, .. Enumerable.Repeat(item, Count).SelectMany(b => b)];
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Assert.IsType<ParameterList>(ParameterFileReader.Read(bytes));
        }
        catch (ParameterFormatException e)
        {
            Assert.Contains("ten times", e.Message, StringComparison.Ordinal);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (10L * bytes.Length) + (1 << 18));
    }

    [Fact]
    public void Read_ALongListOfSmallNumbers_IsRead()
    {
        byte[] bytes = ParameterFileWriter.ToArray(new ParameterList(Enumerable.Range(0, 70_000).Select(n => new ParameterInteger(n))));

        var list = Assert.IsType<ParameterList>(ParameterFileReader.Read(bytes));

        Assert.Equal(new ParameterInteger(69_999), list.Items[^1]);
    }

    [Theory]
    [InlineData(0x91, 100, true)]
    [InlineData(0x91, 101, false)]
    [InlineData(0x91, 10_000, false)]
    [Trait("input", "10")]
    public void Read_DeepNesting_IsReadDownTo100(byte list, int depth, bool readable)
    {
        byte[] bytes = [.. Enumerable.Repeat(list, depth), 0xC0];

        Exception? refusal = Record.Exception(() => ParameterFileReader.Read(bytes));

        if (readable)
        {
            Assert.Null(refusal);
        }
        else
        {
            Assert.Equal(100, Assert.IsType<ParameterFormatException>(refusal).Offset);
        }
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    [Trait("input", "10")]
    public void Read_MapsAndTypedValuesInside_AreRefusedAtTheSameDepthWithoutStack(int depth)
    {
        byte[] map = [0x81, 0xA1, 0x61];
        byte[] key = [0x81];
        byte[] tuple = [.. Wire.Typed("tuple", 0x91)];
        foreach (byte[] level in (byte[][])[map, key, tuple])
        {
            byte[] bytes = [.. Enumerable.Repeat(level, depth).SelectMany(l => l), 0xC0];

            var refusal = Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(bytes));

            Assert.InRange(Assert.NotNull(refusal.Offset), 0, 100 * level.Length);
        }
    }

    [Fact]
    [Trait("input", "10")]
    public void Read_ARealFileCutAtAnyByte_IsRefused()
    {
        byte[] whole = Fixtures.AllParameterFiles().First(f => f.Length is > 500 and < 600);

        for (int length = 0; length < whole.Length; length++)
        {
            var refusal = Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(whole.AsMemory(0, length)));
            Assert.InRange(Assert.NotNull(refusal.Offset), 0, length);
        }

        Assert.IsType<ParameterMap>(ParameterFileReader.Read(whole));
    }

    [Fact]
    public void Read_ATypeThatIsNoTextWithoutValue_IsAPlainMap()
    {
        byte[] bytes = [0x81, .. Wire.Text("__type__"), 5];

        var map = Assert.IsType<ParameterMap>(ParameterFileReader.Read(bytes));

        Assert.True(map.TryGetValue("__type__", out ParameterValue? value));
        Assert.Equal(new ParameterInteger(5), value);
    }

    [Fact]
    public void Read_FormsThatOnlyPythonWouldWriteOtherwise_AreReadAsPythonReadsThem()
    {
        byte[] shapeAsTuple = Wire.Array("float32", 8, Wire.Typed("tuple", 0x92, 1, 2));
        byte[] shapeAsNumber = Wire.Array("float32", 8, 2);
        byte[] valueFirst = [0x82, .. Wire.Text("value"), 0x91, 7, .. Wire.Text("__type__"), .. Wire.Text("tuple")];

        Assert.Equal([1, 2], ((ParameterTensorValue)ParameterFileReader.Read(shapeAsTuple)).Tensor.Shape);
        Assert.Equal([2], ((ParameterTensorValue)ParameterFileReader.Read(shapeAsNumber)).Tensor.Shape);
        Assert.Equal(new ParameterTuple([new ParameterInteger(7)]), ParameterFileReader.Read(valueFirst));
    }
}

using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>
/// Every entry of every serializer manifest: read as Fed-BioMed reads it, written back byte for byte, refused where it must be.
/// </summary>
public sealed class SerializerGoldenTests
{
    // What Python reads and FedJob refuses on purpose, as the refusal tells it.
    private static readonly string[] Reasons =
    [
        "extension type", "the dtype '", "__type__ is '", "__type__ beside 'value'", "a tuple's value must be a list",
        "an int must have 1 to", "must have the keys '__type__' and 'value' and no others", "stands twice",
    ];

    public static TheoryData<string, string> Readable => Select(e => e.TryGetProperty("loads", out _));

    public static TheoryData<string, string> Unreadable => Select(e => e.TryGetProperty("loads_error", out _));

    public static TheoryData<string, string> Unwritable => Select(e => e.TryGetProperty("dumps_error", out _));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Readable))]
    public void Read_WhatTheOriginalReads_GivesItsValueAndItsBytesBack(string manifest, string name)
    {
        JsonElement entry = Fixtures.Entry(manifest, name);
        (string path, byte[] bytes) = Load(manifest, entry);
        ParameterFile file;
        try
        {
            file = ParameterFileReader.Open(path);
        }
        catch (ParameterFormatException e)
        {
            Assert.True(Reasons.Any(r => e.Message.Contains(r, StringComparison.Ordinal)), e.Message);
            Assert.InRange(Assert.NotNull(e.Offset), 0, bytes.Length);
            Assert.True(RefusedFiles.MustRefuse(bytes), $"{name} is refused although nothing in it calls for it: {e.Message}");
            return;
        }

        using (file)
        {
            Assert.False(RefusedFiles.MustRefuse(bytes), $"{name} is read although it must be refused on purpose");
            ManifestValue.AssertMatches(entry.GetProperty("loads"), file.Value);
            ManifestValue.AssertMatches(entry.GetProperty("loads"), ParameterFileReader.Read(bytes));
            AssertWrittenBack(entry, bytes, file.Value);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Unreadable))]
    public void Read_WhatTheOriginalRefuses_IsRefusedWithTheOffset(string manifest, string name)
    {
        (string path, byte[] bytes) = Load(manifest, Fixtures.Entry(manifest, name));

        var inMemory = Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(bytes));
        var mapped = Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Open(path));

        Assert.InRange(Assert.NotNull(inMemory.Offset), 0, bytes.Length);
        Assert.Equal(inMemory.Offset, mapped.Offset);
        Assert.Contains($"at byte {mapped.Offset}", mapped.Message, StringComparison.Ordinal);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Unwritable))]
    public void Write_WhatTheOriginalCannot_HasNoValue(string manifest, string name)
    {
        JsonElement input = Fixtures.Entry(manifest, name).GetProperty("input");

        Assert.False(File.Exists(Path.Combine(Fixtures.Directory(manifest), name + ".mpk")));
        if (input.GetProperty("type").GetString() == "int")
        {
            var number = BigInteger.Parse(input.GetProperty("value").GetString()!);
            Assert.Throws<ArgumentOutOfRangeException>(() => ParameterInteger.From(number));
        }
    }

    [Fact]
    public void Captures_OfTheProjectItself_AreAllFound()
    {
        Assert.SkipUnless(Fixtures.Root == Fixtures.Own, "FEDJOB_FIXTURES names other captures");

        string[] listed =
        [
            .. Fixtures.SerializerEntries().Where(e => Fixtures.Entry(e.Manifest, e.Name).TryGetProperty("file", out _))
                .Select(e => Fixtures.Entry(e.Manifest, e.Name).GetProperty("file").GetString()!),
            .. Fixtures.RepositoryFiles().Select(f => f.Name).Where(n => n.EndsWith(".mpk", StringComparison.Ordinal)),
        ];
        Assert.NotEmpty(listed);
        Assert.Equal(Fixtures.AllParameterFiles().Count, listed.Length);
    }

    private static void AssertWrittenBack(JsonElement entry, byte[] bytes, ParameterValue value)
    {
        byte[] written = ParameterFileWriter.ToArray(value);
        if (entry.TryGetProperty("input", out _))
        {
            Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(written));
        }
        else
        {
            // Made by hand, e.g. with a longer header than needed: the value is kept, not the spelling.
            ManifestValue.AssertMatches(entry.GetProperty("loads"), ParameterFileReader.Read(written));
        }
    }

    private static (string Path, byte[] Bytes) Load(string manifest, JsonElement entry)
    {
        string path = Path.Combine(Fixtures.Directory(manifest), entry.GetProperty("file").GetString()!);
        byte[] bytes = File.ReadAllBytes(path);
        if (entry.TryGetProperty("size", out JsonElement size))
        {
            Assert.Equal(size.GetInt64(), bytes.Length);
        }

        if (entry.TryGetProperty("sha256", out JsonElement digest))
        {
            Assert.Equal(digest.GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }

        return (path, bytes);
    }

    private static TheoryData<string, string> Select(Func<JsonElement, bool> wanted)
    {
        var data = new TheoryData<string, string>();
        foreach ((string manifest, string name) in Fixtures.SerializerEntries())
        {
            if (wanted(Fixtures.Entry(manifest, name)))
            {
                data.Add(manifest, name);
            }
        }

        return data;
    }
}

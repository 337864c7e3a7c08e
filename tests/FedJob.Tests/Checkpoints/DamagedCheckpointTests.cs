using System.Security.Cryptography;
using System.Text;
using FedJob.Abstractions;
using FedJob.Checkpoints;

namespace FedJob.Tests.Checkpoints;

/// <summary>What is no sound checkpoint yields no state, and is not changed.</summary>
[Trait("input", "14")]
public sealed class DamagedCheckpointTests : IDisposable
{
    private readonly CheckpointBench _bench = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("seed", "24")]
    public async Task ReadAsync_EveryFileCutAtEveryByte_Refused() =>
        await DamageAsync((bytes, _) => Enumerable.Range(0, bytes.Length).Select(n => bytes[..n]));

    [Fact]
    public async Task ReadAsync_EveryByteOfEveryFileEdited_Refused() => await DamageAsync((bytes, random) => Places(bytes.Length, random).Select(at =>
    {
        byte[] edited = [.. bytes];
        edited[at] ^= (byte)(1 << random.Next(8));
        return edited;
    }));

    [Fact]
    public async Task ReadAsync_BytesAppended_Refused() => await DamageAsync((bytes, _) => [[.. bytes, (byte)' '], [.. bytes, (byte)'\n'], [.. bytes, .. bytes]]);

    [Fact]
    public async Task ReadAsync_AnyFileMissing_RefusedByName()
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        foreach (string file in Directory.GetFiles(checkpoint))
        {
            File.Move(file, file + ".away");
            CheckpointException thrown = await Assert.ThrowsAsync<CheckpointException>(() => CheckpointReader.ReadAsync(checkpoint, Token));
            Assert.Contains($"'{Path.GetFileName(file)}'", thrown.Message, StringComparison.Ordinal);
            File.Move(file + ".away", file);
        }

        (await CheckpointReader.ReadAsync(checkpoint, Token)).Dispose();
    }

    [Theory]
    [InlineData("../outside.mpk")]
    [InlineData("/etc/hostname")]
    [InlineData("C:\\parameters.mpk")]
    [InlineData("..\\\\parameters.mpk")]
    [InlineData("sub/parameters.mpk")]
    [InlineData("Parameters.mpk")]
    [InlineData("reply-0000a.mpk")]
    [InlineData("checkpoint.json")]
    [InlineData("")]
    [Trait("seed", "25")]
    public async Task ReadAsync_ManifestNamesAnotherFile_RefusedThoughItsChecksumIsRight(string name)
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        Forge(checkpoint, text => text.Replace("\"parameters.mpk\"", $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal)}\"", StringComparison.Ordinal));

        CheckpointException thrown = await Assert.ThrowsAsync<CheckpointException>(() => CheckpointReader.ReadAsync(checkpoint, Token));

        Assert.Equal(FedJobErrorCode.CheckpointInvalid, thrown.Code);
        Assert.Contains("names the file", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", FedJobErrorCode.CheckpointVersionUnknown)]
    [InlineData("\"version\": 1", "\"version\": 0", FedJobErrorCode.CheckpointVersionUnknown)]
    [InlineData("\"version\": 1", "\"version\": \"1\"", FedJobErrorCode.CheckpointInvalid)]
    [InlineData("\"version\": 1", "\"version\": 1, \"more\": 1", FedJobErrorCode.CheckpointInvalid)]
    [InlineData("\"version\": 1", "\"version\": 1, \"round\": 1", FedJobErrorCode.CheckpointInvalid)]
    [InlineData("fedjob-checkpoint", "other", FedJobErrorCode.CheckpointInvalid)]
    [InlineData("\"length\": ", "\"length\": -", FedJobErrorCode.CheckpointInvalid)]
    [InlineData("\"round\": 2", "\"round\": 3", FedJobErrorCode.CheckpointInvalid)]
    [InlineData("\"metrics.jsonl\"", "\"history.jsonl\"", FedJobErrorCode.CheckpointInvalid)]
    [InlineData("\"files\": [", "\"files\": [ null,", FedJobErrorCode.CheckpointInvalid)]
    public async Task ReadAsync_ForgedManifest_RefusedThoughItsChecksumIsRight(string from, string to, FedJobErrorCode code)
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        Forge(checkpoint, text => text.Replace(from, to, StringComparison.Ordinal));

        CheckpointException thrown = await Assert.ThrowsAsync<CheckpointException>(() => CheckpointReader.ReadAsync(checkpoint, Token));

        Assert.Equal(code, thrown.Code);
        Assert.Equal(checkpoint, thrown.Directory);
    }

    [Theory]
    [InlineData("state.json", "\"job_id\"", "\"$type\":\"System.Diagnostics.Process\",\"job_id\"")]
    [InlineData("state.json", "\"training_plan_file\":\"training-plan.zip\"", "\"training_plan_file\":\"../plan.zip\"")]
    [InlineData("state.json", "\"round\":2", "\"round\":-2")]
    [InlineData("state.json", "\"job_id\":\"job_", "\"job_id\":\"../job_")]
    [InlineData("state.json", "\"data\":{", "\"data\":{\"../n\":null,")]
    [InlineData("state.json", "\"epochs\":2", "\"epochs\":-2")]
    [InlineData("state.json", "\"seed\":5", "\"seed\":5,\"reply_files\":{\"node_1\":\"../x\"}")]
    [InlineData("history.jsonl", "\"parameters_name\":\"", "\"parameters_name\":\"../")]
    [InlineData("history.jsonl", "\"Completed\"", "\"7\"")]
    [InlineData("history.jsonl", "\"Succeeded\"", "\"0\"")]
    [InlineData("history.jsonl", "{\"round\":0", "null {\"round\":0")]
    [InlineData("metrics.jsonl", "\"node_1\"", "\"../node_1\"")]
    [InlineData("metrics.jsonl", "\"train\":true", "\"train\":null")]
    [Trait("seed", "25")]
    public async Task ReadAsync_ForgedContentWithRightChecksums_Refused(string file, string from, string to)
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        string path = Path.Combine(checkpoint, file);
        byte[] before = await File.ReadAllBytesAsync(path, Token);
        byte[] after = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(before).Replace(from, to, StringComparison.Ordinal));
        Assert.NotEqual(before, after);
        await File.WriteAllBytesAsync(path, after, Token);
        Forge(checkpoint, text => text
            .Replace(Convert.ToHexStringLower(SHA256.HashData(before)), Convert.ToHexStringLower(SHA256.HashData(after)), StringComparison.Ordinal)
            .Replace($"\"{file}\",\n      \"length\": {before.Length}", $"\"{file}\",\n      \"length\": {after.Length}", StringComparison.Ordinal));

        CheckpointException thrown = await Assert.ThrowsAsync<CheckpointException>(() => CheckpointReader.ReadAsync(checkpoint, Token));

        Assert.DoesNotContain("SHA-256", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("its manifest says", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("seed", "24")]
    public async Task ReadAsync_LinkInPlaceOfAFile_Refused()
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        string file = Path.Combine(checkpoint, "parameters.mpk");
        File.Move(file, _bench.At("outside.mpk"));
        File.CreateSymbolicLink(file, _bench.At("outside.mpk"));

        CheckpointException thrown = await Assert.ThrowsAsync<CheckpointException>(() => CheckpointReader.ReadAsync(checkpoint, Token));

        Assert.Contains("link", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_OtherFilesBeside_AreIgnored()
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        await File.WriteAllTextAsync(Path.Combine(checkpoint, "notes.txt"), "keep", Token);

        (await CheckpointReader.ReadAsync(checkpoint, Token)).Dispose();

        Assert.True(File.Exists(Path.Combine(checkpoint, "notes.txt")));
    }

    [Fact]
    public async Task ResumeAsync_NoCheckpoint_SaysWhatItLookedFor()
    {
        Directory.CreateDirectory(_bench.At("empty"));

        CheckpointException empty = await Assert.ThrowsAsync<CheckpointException>(() => _bench.ResumeAsync(_bench.At("empty")));
        CheckpointException missing = await Assert.ThrowsAsync<CheckpointException>(() => _bench.ResumeAsync(_bench.At("missing")));

        Assert.Contains("'checkpoint.json'", empty.Message, StringComparison.Ordinal);
        Assert.Contains("'breakpoint_NNNN.json'", empty.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", missing.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _bench.Dispose();

    /// <summary>All places of a small file, a seeded sample of a large one.</summary>
    private static IEnumerable<int> Places(int length, Random random) =>
        length <= 4096 ? Enumerable.Range(0, length) : Enumerable.Range(0, 2000).Select(_ => random.Next(length));

    private async Task DamageAsync(Func<byte[], Random, IEnumerable<byte[]>> damage)
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        var random = new Random(7);
        foreach (string file in Directory.GetFiles(checkpoint).Where(f => new FileInfo(f).Length <= 1 << 14).Order(StringComparer.Ordinal))
        {
            byte[] sound = await File.ReadAllBytesAsync(file, Token);
            foreach (byte[] damaged in damage(sound, random))
            {
                await File.WriteAllBytesAsync(file, damaged, Token);
                await Assert.ThrowsAsync<CheckpointException>(() => CheckpointReader.ReadAsync(checkpoint, Token));
                Assert.Equal(damaged.Length, new FileInfo(file).Length);
            }

            await File.WriteAllBytesAsync(file, sound, Token);
        }

        (await CheckpointReader.ReadAsync(checkpoint, Token)).Dispose();
    }

    /// <summary>Edits a manifest and gives it the checksum that fits.</summary>
    private static void Forge(string checkpoint, Func<string, string> edit)
    {
        string path = Path.Combine(checkpoint, "checkpoint.json");
        string text = File.ReadAllText(path);
        string edited = edit(text);
        Assert.NotEqual(text, edited);
        string head = edited[..edited.LastIndexOf(",\n  \"sha256\"", StringComparison.Ordinal)];
        File.WriteAllText(path, $"{head},\n  \"sha256\": \"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(head)))}\"\n}}\n");
    }
}

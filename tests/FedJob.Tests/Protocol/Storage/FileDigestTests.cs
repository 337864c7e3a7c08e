using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Protocol.Storage;

public sealed class FileDigestTests
{
    [Theory]
    [InlineData(DigestAlgorithm.Sha256, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData(DigestAlgorithm.XxHash128, "xxh128:06b05ab6733a618578af5f94892f3950")]
    public void Compute_KnownText_GivesPublishedValue(DigestAlgorithm algorithm, string expected) =>
        Assert.Equal(expected, FileDigest.Compute("abc"u8, algorithm).ToString());

    [Theory]
    [InlineData(DigestAlgorithm.Sha256, 0)]
    [InlineData(DigestAlgorithm.Sha256, 3_000_001)]
    [InlineData(DigestAlgorithm.XxHash128, 0)]
    [InlineData(DigestAlgorithm.XxHash128, 3_000_001)]
    public async Task ComputeAsync_File_EqualsDigestOfItsBytes(DigestAlgorithm algorithm, int length)
    {
        using var directory = new TestDirectory();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        string path = directory.Write("f", bytes);

        FileDigest digest = await FileDigest.ComputeAsync(path, algorithm, TestContext.Current.CancellationToken);

        Assert.Equal(FileDigest.Compute(bytes, algorithm), digest);
    }

    [Fact]
    public async Task ComputeAsync_FileMissing_LocalFileFailed()
    {
        using var directory = new TestDirectory();

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() =>
            FileDigest.ComputeAsync(directory.PathOf("none"), DigestAlgorithm.Sha256, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.XxHash128)]
    public void TryParse_WrittenForm_ReadsBack(DigestAlgorithm algorithm)
    {
        FileDigest digest = FileDigest.Compute(Encoding.UTF8.GetBytes("some bytes"), algorithm);

        Assert.True(FileDigest.TryParse(digest.ToString(), out FileDigest? read));
        Assert.Equal(digest, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("xxh128:06b05ab6733a618578af5f94892f395")]
    [InlineData("xxh128:06b05ab6733a618578af5f94892f39500")]
    [InlineData("xxh128:06B05AB6733A618578AF5F94892F3950")]
    [InlineData("xxh128:06b05ab6733a618578af5f94892f395g")]
    [InlineData("XXH128:06b05ab6733a618578af5f94892f3950")]
    [InlineData(" xxh128:06b05ab6733a618578af5f94892f3950")]
    [InlineData("sha256:06b05ab6733a618578af5f94892f3950")]
    [InlineData("md5:06b05ab6733a618578af5f94892f3950")]
    public void TryParse_NoDigest_False(string? text)
    {
        Assert.False(FileDigest.TryParse(text, out FileDigest? digest));
        Assert.Null(digest);
    }
}

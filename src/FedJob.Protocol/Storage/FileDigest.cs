using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using FedJob.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace FedJob.Protocol.Storage;

/// <summary>The digest of a file: algorithm and lower-case hexadecimal value, written <c>xxh128:...</c> or <c>sha256:...</c>.</summary>
/// <param name="Algorithm">How the file was hashed.</param>
/// <param name="Hex">The value: 32 or 64 lower-case hexadecimal digits.</param>
public sealed record FileDigest(DigestAlgorithm Algorithm, string Hex)
{
    private const string XxHash128Prefix = "xxh128:";
    private const string Sha256Prefix = "sha256:";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Reads the written form; upper-case digits, spaces and other lengths are no digest.</summary>
    /// <param name="text">The text, e.g. from a user property.</param>
    /// <param name="digest">The digest, if the text is one.</param>
    /// <returns>Whether the text is a digest.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out FileDigest? digest)
    {
        digest = null;
        if (text is null)
        {
            return false;
        }

        if (text.Length == XxHash128Prefix.Length + 32 && text.StartsWith(XxHash128Prefix, StringComparison.Ordinal))
        {
            digest = Read(DigestAlgorithm.XxHash128, text[XxHash128Prefix.Length..]);
        }
        else if (text.Length == Sha256Prefix.Length + 64 && text.StartsWith(Sha256Prefix, StringComparison.Ordinal))
        {
            digest = Read(DigestAlgorithm.Sha256, text[Sha256Prefix.Length..]);
        }

        return digest is not null;
    }

    /// <summary>Hashes bytes in memory.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="algorithm">How to hash them.</param>
    /// <returns>Their digest.</returns>
    public static FileDigest Compute(ReadOnlySpan<byte> bytes, DigestAlgorithm algorithm)
    {
        using var computer = new DigestComputer(algorithm);
        computer.Append(bytes);
        return computer.Finish();
    }

    /// <summary>Hashes a file, streaming: memory does not grow with the file.</summary>
    /// <param name="path">The file on this machine.</param>
    /// <param name="algorithm">How to hash it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The digest of the file's bytes as they were read.</returns>
    /// <exception cref="FedJobException">The file could not be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static async Task<FileDigest> ComputeAsync(string path, DigestAlgorithm algorithm, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var computer = new DigestComputer(algorithm);
        byte[] buffer = TransferBlocks.Rent(TransferBlocks.LargestBytes);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            long offset = 0;
            int read;
            while ((read = await RandomAccess.ReadAsync(file, buffer, offset, cancellationToken).ConfigureAwait(false)) > 0)
            {
                computer.Append(buffer.AsSpan(0, read));
                offset += read;
            }
        }
        catch (Exception exception) when (LocalFileFailure.IsOne(exception))
        {
            throw LocalFileFailure.Of("Hashing", path, exception);
        }
        finally
        {
            TransferBlocks.Return(buffer);
        }

        return computer.Finish();
    }

    /// <summary>The written form, e.g. <c>sha256:...</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => (Algorithm == DigestAlgorithm.Sha256 ? Sha256Prefix : XxHash128Prefix) + Hex;

    private static FileDigest? Read(DigestAlgorithm algorithm, string hex) =>
        hex.AsSpan().ContainsAnyExcept(HexDigits) ? null : new FileDigest(algorithm, hex);
}

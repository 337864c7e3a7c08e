using System.IO.Hashing;
using System.Security.Cryptography;

namespace FedJob.Protocol.Storage;

/// <summary>Hashes bytes as they pass by.</summary>
internal sealed class DigestComputer : IDisposable
{
    private readonly DigestAlgorithm _algorithm;
    private readonly XxHash128? _fast;
    private readonly IncrementalHash? _secure;

    public DigestComputer(DigestAlgorithm algorithm)
    {
        _algorithm = algorithm;
        switch (algorithm)
        {
            case DigestAlgorithm.XxHash128:
                _fast = new XxHash128();
                break;
            case DigestAlgorithm.Sha256:
                _secure = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Expected XxHash128 or Sha256.");
        }
    }

    /// <summary>Takes the next bytes in.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _fast?.Append(bytes);
        _secure?.AppendData(bytes);
    }

    /// <summary>The digest of everything taken in since the start or the last call; starts anew.</summary>
    public FileDigest Finish()
    {
        byte[] value = _fast is not null ? _fast.GetHashAndReset() : _secure!.GetHashAndReset();
        return new FileDigest(_algorithm, Convert.ToHexStringLower(value));
    }

    /// <summary>Forgets what was taken in.</summary>
    public void Reset()
    {
        _fast?.Reset();
        _ = _secure?.GetHashAndReset();
    }

    public void Dispose() => _secure?.Dispose();
}

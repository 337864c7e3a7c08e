using System.Buffers;

namespace FedJob.Protocol.Storage;

/// <summary>
/// The buffers of transfers and hashing. A pool of their own: the shared one keeps arrays by thread and by core, and a buffer that is rented on one thread and
/// given back on another makes it grow for fifty rounds to many times what is in use at once.
/// </summary>
internal static class TransferBlocks
{
    /// <summary>The largest buffer, in bytes: with smaller ones the calls cost, larger ones fall out of the processor's cache.</summary>
    public const int LargestBytes = 256 * 1024;

    private const int KeptOfASize = 16;

    private static readonly ArrayPool<byte> Pool = ArrayPool<byte>.Create(LargestBytes, KeptOfASize);

    /// <summary>A buffer of at least so many bytes; at most <see cref="LargestBytes"/>.</summary>
    public static byte[] Rent(long bytes) => Pool.Rent((int)Math.Clamp(bytes, 1, LargestBytes));

    /// <summary>Gives a buffer back that nobody uses any more.</summary>
    public static void Return(byte[] block) => Pool.Return(block);
}

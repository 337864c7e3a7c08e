using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// The zip of a plan bundle, in the only form that is written and read: stored entries in ordinal order of their names, UTF-8 names,
/// fixed times, no extra fields, no comment, nothing before, between or after. Any zip tool can open it.
/// </summary>
/// <remarks>
/// Written here rather than with <see cref="System.IO.Compression.ZipArchive"/> because that one writes the platform it runs on into
/// every entry, and what deflate makes of the same input depends on version and processor: both would change the hash that was approved.
/// Because there is one form only, reading is comparing, nothing is inflated, and a bundle cannot mean two things to two readers.
/// </remarks>
internal static class PlanArchive
{
    private const uint LocalSignature = 0x04034B50;
    private const uint CentralSignature = 0x02014B50;
    private const uint EndSignature = 0x06054B50;
    private const int LocalSize = 30;
    private const int CentralSize = 46;
    private const int EndSize = 22;
    private const ushort ZipVersion = 20;
    private const ushort NamesAreUtf8 = 1 << 11;
    private const uint FirstOfJanuary1980 = 0x0021_0000; // the earliest date and time a zip can hold

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a bundle.</summary>
    /// <param name="entries">The files in any order, all of allowed and different names, within the limits.</param>
    /// <returns>The zip.</returns>
    public static byte[] Write(IEnumerable<PlanArchiveEntry> entries)
    {
        PlanArchiveEntry[] sorted = [.. entries.OrderBy(e => e.Name, StringComparer.Ordinal)];
        int bodySize = checked(sorted.Sum(e => LocalSize + StrictUtf8.GetByteCount(e.Name) + e.Content.Length));
        byte[] bytes = new byte[checked(bodySize + DirectorySize(sorted))];
        int position = 0;
        foreach (PlanArchiveEntry entry in sorted)
        {
            position += WriteLocalHeader(bytes.AsSpan(position), entry);
            entry.Content.CopyTo(bytes.AsMemory(position));
            position += entry.Content.Length;
        }

        WriteDirectory(bytes.AsSpan(bodySize), sorted);
        return bytes;
    }

    /// <summary>Reads a bundle; the contents are views of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">The zip.</param>
    /// <returns>The files, sorted.</returns>
    /// <exception cref="TrainingPlanException">The bytes are not what <see cref="Write"/> would have written.</exception>
    public static IReadOnlyList<PlanArchiveEntry> Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > PlanBundle.MaximumBytes)
        {
            throw new TrainingPlanException(
                FedJobErrorCode.FileTooLarge,
                $"A training-plan bundle of {bytes.Length} bytes arrived; at most {PlanBundle.MaximumBytes} are allowed.");
        }

        var entries = new List<PlanArchiveEntry>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        int position = 0;
        while (StartsWith(bytes.Span[position..], LocalSignature))
        {
            PlanArchiveEntry entry = ReadEntry(bytes, position, out int next);
            if (entries.Count == PlanBundle.MaximumFiles)
            {
                throw NotABundle(bytes, position, $"it holds more than {PlanBundle.MaximumFiles} files");
            }

            if (entries.Count > 0 && string.CompareOrdinal(entries[^1].Name, entry.Name) >= 0)
            {
                throw NotABundle(
                    bytes, position, $"file '{entry.Name}' stands after '{entries[^1].Name}', but names must be different and sorted");
            }

            if (!names.Add(entry.Name))
            {
                throw NotABundle(bytes, position, $"file '{entry.Name}' stands twice, in upper and lower case");
            }

            entries.Add(entry);
            position = next;
        }

        if (entries.Count == 0)
        {
            throw NotABundle(bytes, 0, "it does not begin as a zip with files does");
        }

        byte[] directory = new byte[DirectorySize(entries)];
        WriteDirectory(directory, entries);
        int same = bytes.Span[position..].CommonPrefixLength(directory);
        return same == directory.Length && position + same == bytes.Length
            ? entries
            : throw NotABundle(
                bytes, position + same, "its directory does not match its files, or bytes are missing or left over at its end");
    }

    /// <summary>The error for bytes that are no bundle.</summary>
    /// <param name="bytes">All the bytes.</param>
    /// <param name="offset">Where it was seen.</param>
    /// <param name="reason">What is wrong, as half a sentence.</param>
    /// <returns>The exception to throw.</returns>
    public static TrainingPlanException NotABundle(ReadOnlyMemory<byte> bytes, int offset, string reason) => new(
        FedJobErrorCode.TrainingPlanAssemblyInvalid,
        $"These {bytes.Length} bytes are no training-plan bundle: {reason} (at byte {offset}). "
        + "Make a bundle with PlanBundle.FromAssemblyAsync and pass its bytes on unchanged.");

    private static PlanArchiveEntry ReadEntry(ReadOnlyMemory<byte> bytes, int start, out int next)
    {
        ReadOnlySpan<byte> span = bytes.Span[start..];
        if (span.Length < LocalSize)
        {
            throw NotABundle(bytes, start, "it ends inside the header of a file");
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(span[22..]);
        int nameSize = BinaryPrimitives.ReadUInt16LittleEndian(span[26..]);
        if (nameSize > PlanFileNames.MaximumBytes)
        {
            throw NotABundle(bytes, start, $"a file name of {nameSize} bytes is longer than {PlanFileNames.MaximumBytes}");
        }

        if ((long)LocalSize + nameSize + size > span.Length)
        {
            throw NotABundle(bytes, start, $"a file of {size} bytes reaches beyond the end");
        }

        string name;
        try
        {
            name = StrictUtf8.GetString(span.Slice(LocalSize, nameSize));
        }
        catch (DecoderFallbackException)
        {
            throw NotABundle(bytes, start, "a file name is not UTF-8");
        }

        if (!PlanFileNames.IsAllowed(name))
        {
            throw NotABundle(bytes, start, $"a file name of {nameSize} bytes is none of {PlanFileNames.Allowed}");
        }

        int contentStart = start + LocalSize + nameSize;
        var entry = new PlanArchiveEntry(name, bytes.Slice(contentStart, (int)size));
        Span<byte> expected = stackalloc byte[LocalSize + PlanFileNames.MaximumBytes];
        int headerSize = WriteLocalHeader(expected, entry);
        int same = span.CommonPrefixLength(expected[..headerSize]);
        next = contentStart + (int)size;
        return same == headerSize
            ? entry
            : throw NotABundle(bytes, start + same, $"file '{name}' is compressed, damaged or was not written by FedJob");
    }

    private static int WriteLocalHeader(Span<byte> target, PlanArchiveEntry entry)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, LocalSignature);
        return 4 + WriteCommonFields(target[4..], entry) + StrictUtf8.GetBytes(entry.Name, target[LocalSize..]);
    }

    private static int DirectorySize(IEnumerable<PlanArchiveEntry> entries) =>
        entries.Sum(e => CentralSize + StrictUtf8.GetByteCount(e.Name)) + EndSize;

    private static void WriteDirectory(Span<byte> target, IReadOnlyList<PlanArchiveEntry> entries)
    {
        uint offset = 0;
        int position = 0;
        foreach (PlanArchiveEntry entry in entries)
        {
            Span<byte> header = target[position..];
            BinaryPrimitives.WriteUInt32LittleEndian(header, CentralSignature);
            BinaryPrimitives.WriteUInt16LittleEndian(header[4..], ZipVersion); // made by: no particular platform
            WriteCommonFields(header[6..], entry);
            header[32..42].Clear(); // comment, disk, attributes
            BinaryPrimitives.WriteUInt32LittleEndian(header[42..], offset);
            int nameSize = StrictUtf8.GetBytes(entry.Name, header[CentralSize..]);
            position += CentralSize + nameSize;
            offset += (uint)(LocalSize + nameSize + entry.Content.Length);
        }

        Span<byte> end = target[position..];
        BinaryPrimitives.WriteUInt32LittleEndian(end, EndSignature);
        BinaryPrimitives.WriteUInt32LittleEndian(end[4..], 0);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)entries.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)entries.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)position);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], offset);
        BinaryPrimitives.WriteUInt16LittleEndian(end[20..], 0);
    }

    /// <summary>The 26 bytes that local and central headers share: from the version needed to the length of the extra field.</summary>
    private static int WriteCommonFields(Span<byte> target, PlanArchiveEntry entry)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, ZipVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], NamesAreUtf8);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], 0); // stored
        BinaryPrimitives.WriteUInt32LittleEndian(target[6..], FirstOfJanuary1980);
        BinaryPrimitives.WriteUInt32LittleEndian(target[10..], Crc32.HashToUInt32(entry.Content.Span));
        BinaryPrimitives.WriteUInt32LittleEndian(target[14..], (uint)entry.Content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[18..], (uint)entry.Content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(target[22..], (ushort)StrictUtf8.GetByteCount(entry.Name));
        BinaryPrimitives.WriteUInt16LittleEndian(target[24..], 0);
        return 26;
    }

    private static bool StartsWith(ReadOnlySpan<byte> bytes, uint signature) =>
        bytes.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == signature;
}

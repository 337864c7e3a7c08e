using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace FedJob.Tests.Protocol.TrainingPlans;

/// <summary>
/// Writes stored zips as the zip specification describes them, independently of the code under test, so that a test can make a bundle
/// that FedJob would never make.
/// </summary>
internal static class RawZip
{
    public static (string Name, byte[] Content)[] Unzip(ReadOnlyMemory<byte> zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip.ToArray()));
        return [.. archive.Entries.Select(e => (e.FullName, Content(e)))];

        static byte[] Content(ZipArchiveEntry entry)
        {
            using Stream stream = entry.Open();
            var copy = new MemoryStream();
            stream.CopyTo(copy);
            return copy.ToArray();
        }
    }

    public static byte[] Zip(params IEnumerable<(string Name, byte[] Content)> entries)
    {
        var body = new BinaryWriter(new MemoryStream());
        var directory = new BinaryWriter(new MemoryStream());
        ushort count = 0;
        foreach ((string name, byte[] content) in entries)
        {
            byte[] nameBytes = Encoding.UTF8.GetBytes(name);
            directory.Write(0x02014B50);
            directory.Write((ushort)20); // version 2.0, platform 0
            WriteCommon(directory, nameBytes, content);
            directory.Write(new byte[10]); // no comment, disk 0, no attributes
            directory.Write((uint)body.BaseStream.Length);
            directory.Write(nameBytes);
            body.Write(0x04034B50);
            WriteCommon(body, nameBytes, content);
            body.Write(nameBytes);
            body.Write(content);
            count++;
        }

        long start = body.BaseStream.Length;
        byte[] directoryBytes = ((MemoryStream)directory.BaseStream).ToArray();
        body.Write(directoryBytes);
        body.Write(0x06054B50);
        body.Write(0);
        body.Write(count);
        body.Write(count);
        body.Write(directoryBytes.Length);
        body.Write((uint)start);
        body.Write((ushort)0);
        return ((MemoryStream)body.BaseStream).ToArray();
    }

    private static void WriteCommon(BinaryWriter writer, byte[] name, byte[] content)
    {
        writer.Write((ushort)20); // needs version 2.0
        writer.Write((ushort)0x0800); // names are UTF-8
        writer.Write((ushort)0); // stored
        writer.Write((ushort)0); // 00:00:00
        writer.Write((ushort)((1 << 5) | 1)); // 1 January 1980
        writer.Write(Crc32.HashToUInt32(content));
        writer.Write(content.Length);
        writer.Write(content.Length);
        writer.Write((ushort)name.Length);
        writer.Write((ushort)0); // no extra field
    }
}

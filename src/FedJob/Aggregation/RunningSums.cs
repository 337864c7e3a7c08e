using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FedJob.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace FedJob.Aggregation;

/// <summary>The sum of a round's first updates, tensor by tensor in a file of the round's own: it would not fit in memory for every model.</summary>
internal sealed class RunningSums : ICombinedTensors, IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);

    private RunningSums(SafeFileHandle file) => _file = file;

    /// <summary>Makes the file; one that has the name is overwritten.</summary>
    public static RunningSums Create(string path, ModelParameters like)
    {
        var sums = new RunningSums(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite));
        long offset = 0;
        foreach ((string name, ParameterTensor tensor) in like)
        {
            sums._offsets.Add(name, offset);
            offset += tensor.ByteCount;
        }

        return sums;
    }

    /// <inheritdoc/>
    public void Write<T>(string name, long start, ReadOnlySpan<T> elements)
        where T : unmanaged => RandomAccess.Write(_file, MemoryMarshal.AsBytes(elements), _offsets[name] + (start * Unsafe.SizeOf<T>()));

    /// <summary>Reads what was written.</summary>
    public void Read<T>(string name, long start, Span<T> elements)
        where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(elements);
        long offset = _offsets[name] + (start * Unsafe.SizeOf<T>());
        while (bytes.Length > 0)
        {
            int read = RandomAccess.Read(_file, bytes, offset);
            if (read == 0)
            {
                throw new FedJobException(FedJobErrorCode.LocalFileFailed, $"The sums of tensor '{name}' ended before their time: something else cut the file. Leave the job's files alone.");
            }

            bytes = bytes[read..];
            offset += read;
        }
    }

    public void Dispose() => _file.Dispose();
}

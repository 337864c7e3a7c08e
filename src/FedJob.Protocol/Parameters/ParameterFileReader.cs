using System.Buffers;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Reads files of Fed-BioMed's MessagePack format. Everything is checked before it is used: the whole input must be one value, at most 100
/// lists and maps deep; lengths must agree with the bytes; texts must be UTF-8; keys unique; <c>__type__</c>, element types and shapes
/// known and consistent; extension types are refused. The values take at most ten times the input's size of memory, tensors none beside
/// their description.
/// </summary>
/// <example><code>
/// using ParameterFile file = ParameterFileReader.Open("auxiliary.mpk");
/// if (file.Value is ParameterMap modules) { ... }
/// </code></example>
public static class ParameterFileReader
{
    /// <summary>Maps a file and checks it; no tensor is copied or even looked at. Files and tensors may be larger than 2 GiB.</summary>
    /// <param name="path">The file. It must not be changed or cut while it is open.</param>
    /// <returns>The open file.</returns>
    /// <exception cref="ParameterFormatException">The file is not well formed; the exception tells where.</exception>
    /// <exception cref="FedJobException">The file cannot be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static unsafe ParameterFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            return new ParameterFile(file, TreeBuilder.Read(file.GetPointer(), file.Length, $"'{Path.GetFileName(path)}'", file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a parameter file that lies in memory; tensors and bytes are views of it: do not write to it afterwards.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <returns>The value it holds.</returns>
    /// <exception cref="ParameterFormatException">The bytes are not well formed; the exception tells where.</exception>
    public static unsafe ParameterValue Read(ReadOnlyMemory<byte> bytes)
    {
        using MemoryHandle pinned = bytes.Pin();
        return TreeBuilder.Read((byte*)pinned.Pointer, bytes.Length, "The input", new MemorySource(bytes));
    }
}

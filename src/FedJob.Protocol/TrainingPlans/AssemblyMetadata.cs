using System.Buffers;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>What the tables of a managed assembly say, read without loading it.</summary>
/// <param name="Name">Its simple name.</param>
/// <param name="References">The assemblies it references.</param>
/// <param name="NativeModules">The native libraries its platform calls name.</param>
internal sealed record AssemblyMetadata(string Name, IReadOnlyList<AssemblyName> References, IReadOnlyList<string> NativeModules)
{
    /// <summary>Reads the tables.</summary>
    /// <param name="bytes">The file; it may be anything.</param>
    /// <returns>What they say, or <see langword="null"/> if the bytes are no managed assembly.</returns>
    public static unsafe AssemblyMetadata? TryRead(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        using MemoryHandle pin = bytes.Pin();
        try
        {
            using var file = new PEReader((byte*)pin.Pointer, bytes.Length);
            if (!file.HasMetadata)
            {
                return null;
            }

            MetadataReader tables = file.GetMetadataReader();
            return tables.IsAssembly
                ? new AssemblyMetadata(
                    tables.GetString(tables.GetAssemblyDefinition().Name),
                    [.. tables.AssemblyReferences.Select(handle => tables.GetAssemblyReference(handle).GetAssemblyName())],
                    ReadNativeModules(tables))
                : null;
        }
        catch (Exception exception) when (exception
            is BadImageFormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    private static string[] ReadNativeModules(MetadataReader tables)
    {
        int count = tables.GetTableRowCount(TableIndex.ModuleRef);
        return [.. Enumerable.Range(1, count)
            .Select(row => tables.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)))
            .Select(module => tables.GetString(module.Name))];
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// A training plan as it travels: one deterministic zip with the plan's assembly, its private dependencies and its <c>.deps.json</c>;
/// entries sorted and stored, times fixed, no contract assembly. The SHA-256 of its exact bytes is what a node's owner approves and what
/// is loaded.
/// </summary>
/// <remarks>
/// The same files give the same bytes on every machine. A bundle holds managed assemblies only: a plan that needs a native library is
/// refused. Symbol files, XML documentation and translated resources do not travel. Private dependencies are those that the
/// <c>.deps.json</c> beside the assembly lists, or without such a file the assemblies beside it that it references, directly or not.
/// FedJob.Abstractions, the logging abstractions and the framework come from whoever runs the plan.
/// </remarks>
public sealed class PlanBundle
{
    /// <summary>The most bytes of a bundle: 1 GiB.</summary>
    public const int MaximumBytes = 1 << 30;

    /// <summary>The most files in a bundle.</summary>
    public const int MaximumFiles = 1000;

    private readonly Dictionary<string, ReadOnlyMemory<byte>> _files;
    private string? _sha256;

    private PlanBundle(ReadOnlyMemory<byte> bytes, IReadOnlyList<PlanArchiveEntry> entries, string assemblyName)
    {
        Bytes = bytes;
        AssemblyName = assemblyName;
        FileNames = [.. entries.Select(e => e.Name)];
        _files = entries.ToDictionary(e => e.Name, e => e.Content, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The zip.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The SHA-256 of <see cref="Bytes"/>: 64 lower-case hexadecimal digits.</summary>
    public string Sha256 => _sha256 ??= Convert.ToHexStringLower(SHA256.HashData(Bytes.Span));

    /// <summary>The simple name of the plan's own assembly.</summary>
    public string AssemblyName { get; }

    /// <summary>The names of the files inside, sorted.</summary>
    public IReadOnlyList<string> FileNames { get; }

    /// <summary>Bundles a compiled assembly with the private dependencies that lie beside it.</summary>
    /// <param name="assemblyPath">The plan's assembly.</param>
    /// <param name="cancellationToken">Ends the call early; nothing is left behind.</param>
    /// <returns>The bundle.</returns>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="TrainingPlanException">
    /// The file does not exist or cannot be read (<see cref="FedJobErrorCode.TrainingPlanNotFound"/>); it is no managed assembly, a
    /// dependency is missing or native (<see cref="FedJobErrorCode.TrainingPlanAssemblyInvalid"/>); or all together are more than
    /// <see cref="MaximumFiles"/> or
    /// <see cref="MaximumBytes"/> (<see cref="FedJobErrorCode.FileTooLarge"/>).
    /// </exception>
    public static async Task<PlanBundle> FromAssemblyAsync(string assemblyPath, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(assemblyPath);
        IReadOnlyCollection<PlanArchiveEntry> files =
            await PlanFiles.CollectAsync(Path.GetFullPath(assemblyPath), cancellationToken).ConfigureAwait(false);
        return Read(PlanArchive.Write(files));
    }

    /// <summary>Bundles the assembly that declares a type, from the file it was loaded from.</summary>
    /// <param name="type">The plan's type, or any other of its assembly.</param>
    /// <param name="cancellationToken">Ends the call early; nothing is left behind.</param>
    /// <returns>The bundle.</returns>
    /// <exception cref="TrainingPlanException">
    /// The assembly has no file, because it was loaded from bytes, made at run time or is part of a single-file program
    /// (<see cref="FedJobErrorCode.TrainingPlanNotFound"/>); or as for <see cref="FromAssemblyAsync"/>.
    /// </exception>
    [SuppressMessage("SingleFile", "IL3000", Justification = "An empty location is answered with a typed error.")]
    public static async Task<PlanBundle> FromTypeAsync(Type type, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(type);
        string location = type.Assembly.IsDynamic ? string.Empty : type.Assembly.Location;
        return location.Length > 0
            ? await FromAssemblyAsync(location, cancellationToken).ConfigureAwait(false)
            : throw new TrainingPlanException(
                FedJobErrorCode.TrainingPlanNotFound,
                $"The assembly of {type} was not loaded from a file, so it cannot be sent to a node. "
                + "Put the training plan into a class library of its own and give the path of its .dll.")
            {
                Assembly = type.Assembly.GetName().Name,
                TypeName = type.FullName,
            };
    }

    /// <summary>Reads a bundle that arrived, and loads nothing of it.</summary>
    /// <param name="bytes">The zip; kept, not copied: do not write to it afterwards.</param>
    /// <returns>The bundle.</returns>
    /// <exception cref="TrainingPlanException">
    /// The bytes are not such as <see cref="FromAssemblyAsync"/> makes (<see cref="FedJobErrorCode.TrainingPlanAssemblyInvalid"/>), or
    /// are more than
    /// <see cref="MaximumBytes"/> (<see cref="FedJobErrorCode.FileTooLarge"/>).
    /// </exception>
    public static PlanBundle Read(ReadOnlyMemory<byte> bytes)
    {
        IReadOnlyList<PlanArchiveEntry> entries = PlanArchive.Read(bytes);
        foreach (PlanArchiveEntry entry in entries)
        {
            if (PlanFileNames.AssemblyOf(entry.Name) is { } expected)
            {
                string? name = AssemblyMetadata.TryRead(entry.Content)?.Name;
                if (name != expected)
                {
                    string reason = name is null ? "is no managed assembly" : $"holds the assembly '{name}'";
                    throw PlanArchive.NotABundle(bytes, 0, $"'{entry.Name}' {reason}");
                }
            }
        }

        PlanArchiveEntry found = entries.FirstOrDefault(e => e.Name == PlanFileNames.Manifest);
        PlanManifest manifest = (found.Name is null ? null : PlanManifest.TryRead(found.Content.Span))
            ?? throw PlanArchive.NotABundle(bytes, 0, $"it has no valid '{PlanFileNames.Manifest}'");
        if (manifest.Version != PlanManifest.CurrentVersion)
        {
            string reason = $"its form has version {manifest.Version}, this FedJob reads version {PlanManifest.CurrentVersion}";
            throw PlanArchive.NotABundle(bytes, 0, reason);
        }

        string plan = PlanFileNames.ForAssembly(manifest.Assembly);
        bool isThere = entries.Any(e => e.Name == plan) && !plan.Contains('/', StringComparison.Ordinal);
        return isThere && !HostAssemblies.IsContract(manifest.Assembly)
            ? new PlanBundle(bytes, entries, manifest.Assembly)
            : throw PlanArchive.NotABundle(bytes, 0, "the assembly its manifest names is not in it");
    }

    /// <summary>The bytes of an assembly in the bundle, for the platform that fits best.</summary>
    /// <param name="name">The assembly's simple name.</param>
    /// <param name="runtimeIdentifiers">The platforms this machine can use, best first.</param>
    /// <returns>The bytes, or <see langword="null"/> if the bundle holds no such assembly.</returns>
    internal ReadOnlyMemory<byte>? FindAssembly(string name, IEnumerable<string?> runtimeIdentifiers)
    {
        foreach (string? runtime in runtimeIdentifiers)
        {
            if (_files.TryGetValue(PlanFileNames.ForAssembly(name, runtime), out ReadOnlyMemory<byte> content))
            {
                return content;
            }
        }

        return null;
    }
}

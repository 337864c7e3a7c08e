using System.Text.Json;
using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// Collects what travels with a plan: its assembly, its private dependencies and its <c>.deps.json</c>. What is collected depends on
/// these files only, never on the machine.
/// </summary>
internal sealed class PlanFiles
{
    private readonly string _path;
    private readonly string _folder;
    private readonly Dictionary<string, PlanArchiveEntry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private long _size;

    private PlanFiles(string path)
    {
        _path = path;
        _folder = Path.GetDirectoryName(path)!;
    }

    /// <summary>Collects the files.</summary>
    /// <param name="assemblyPath">The full path of the plan's assembly.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>The entries of the bundle.</returns>
    /// <exception cref="TrainingPlanException">A file is missing, unreadable, native or too large.</exception>
    public static async Task<IReadOnlyCollection<PlanArchiveEntry>> CollectAsync(string assemblyPath, CancellationToken cancellationToken)
    {
        var files = new PlanFiles(assemblyPath);
        ReadOnlyMemory<byte> bytes = await files.ReadAsync(assemblyPath, cancellationToken).ConfigureAwait(false);
        AssemblyMetadata plan = AssemblyMetadata.TryRead(bytes) ?? throw files.Invalid(
            $"'{assemblyPath}' is no managed assembly. Give the path of the .dll that was compiled from the training plan.");
        if (HostAssemblies.IsContract(plan.Name) || HostAssemblies.IsNotForPlans(plan.Name))
        {
            throw files.Invalid($"'{assemblyPath}' is a library of FedJob itself, not an assembly with a training plan.");
        }

        files.Add(new PlanManifest { Assembly = plan.Name }.ToEntry());
        files.Add(new PlanArchiveEntry(PlanFileNames.ForAssembly(plan.Name), bytes));
        string dependenciesPath = Path.ChangeExtension(assemblyPath, PlanFileNames.DependenciesExtension);
        if (File.Exists(dependenciesPath))
        {
            await files.AddListedAsync(dependenciesPath, plan, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await files.AddReferencedAsync(plan, cancellationToken).ConfigureAwait(false);
        }

        return files._entries.Values;
    }

    /// <summary>Adds what the SDK listed; only what the plan itself references is checked, the list answers for the rest.</summary>
    private async Task AddListedAsync(string dependenciesPath, AssemblyMetadata plan, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> content = await ReadAsync(dependenciesPath, cancellationToken).ConfigureAwait(false);
        DependencyList list;
        try
        {
            list = DependencyList.Read(
                content, Path.GetFileName(_path), plan.References.Select(r => r.Name + PlanFileNames.AssemblyExtension));
        }
        catch (JsonException exception)
        {
            throw Invalid(
                $"'{dependenciesPath}' cannot be read: {exception.Message} Build the plan's project again, or delete the file.", exception);
        }

        if (list.NativeFiles is [var native, ..])
        {
            throw NativeLibrary(native.Path, native.Library);
        }

        Add(new PlanArchiveEntry(plan.Name + PlanFileNames.DependenciesExtension, content));
        foreach (DependencyList.Asset asset in list.Assemblies)
        {
            string path = Path.Combine(_folder, asset.Path);
            if (File.Exists(path))
            {
                await AddDependencyAsync(path, asset.RuntimeIdentifier, cancellationToken).ConfigureAwait(false);
            }
            else if (asset.RuntimeIdentifier is null)
            {
                throw Missing(Path.GetFileName(asset.Path), $"'{Path.GetFileName(dependenciesPath)}' lists for {asset.Library}");
            }
        }

        foreach (string name in plan.References.Select(r => r.Name!).Where(name => !IsProvided(name) && !HostAssemblies.IsFramework(name)))
        {
            throw Missing(name + PlanFileNames.AssemblyExtension, $"{plan.Name} references");
        }
    }

    /// <summary>Without a list: adds every assembly beside the plan that it references, directly or through another.</summary>
    private async Task AddReferencedAsync(AssemblyMetadata plan, CancellationToken cancellationToken)
    {
        var waiting = new Queue<AssemblyMetadata>([plan]);
        while (waiting.TryDequeue(out AssemblyMetadata? assembly))
        {
            string? native = assembly.NativeModules.SelectMany(NativeFileNames)
                .FirstOrDefault(file => File.Exists(Path.Combine(_folder, file)));
            if (native is not null)
            {
                throw NativeLibrary(native, assembly.Name);
            }

            foreach (string name in assembly.References.Select(r => r.Name!).Where(name => !IsProvided(name)))
            {
                string path = Path.Combine(_folder, name + PlanFileNames.AssemblyExtension);
                if (File.Exists(path))
                {
                    AssemblyMetadata dependency = await AddDependencyAsync(path, null, cancellationToken).ConfigureAwait(false);
                    waiting.Enqueue(string.Equals(dependency.Name, name, StringComparison.OrdinalIgnoreCase)
                        ? dependency
                        : throw Invalid($"'{path}', which {assembly.Name} references, holds another assembly: '{dependency.Name}'."));
                }
                else if (!HostAssemblies.IsFramework(name))
                {
                    throw Missing(name + PlanFileNames.AssemblyExtension, $"{assembly.Name} references");
                }
            }
        }
    }

    private async Task<AssemblyMetadata> AddDependencyAsync(string path, string? runtimeIdentifier, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await ReadAsync(path, cancellationToken).ConfigureAwait(false);
        AssemblyMetadata dependency = AssemblyMetadata.TryRead(bytes) ?? throw Invalid(
            $"'{path}', which {Path.GetFileName(_path)} needs, is no managed assembly. A training plan can only bring managed assemblies.");
        if (dependency.Name == "System.Private.CoreLib")
        {
            throw Invalid($"'{_folder}' holds a whole .NET runtime. Take the plan from a folder that was not published as self-contained.");
        }

        Add(new PlanArchiveEntry(PlanFileNames.ForAssembly(dependency.Name, runtimeIdentifier), bytes));
        return dependency;
    }

    private void Add(PlanArchiveEntry entry)
    {
        if (!PlanFileNames.IsAllowed(entry.Name))
        {
            throw Invalid(
                $"'{entry.Name}' cannot be part of a bundle; allowed are {PlanFileNames.Allowed} of letters, digits, '_', '.', '-', '+'.");
        }

        if (_entries.TryAdd(entry.Name, entry) && _entries.Count > PlanBundle.MaximumFiles)
        {
            throw TooLarge($"more than {PlanBundle.MaximumFiles} files");
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new TrainingPlanException(
                FedJobErrorCode.TrainingPlanNotFound,
                $"There is no file '{path}'. Give the path of the training plan's compiled assembly (.dll).")
            {
                Assembly = _path,
            };
        }

        try
        {
            _size += new FileInfo(path).Length;
            return _size < PlanBundle.MaximumBytes
                ? await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false)
                : throw TooLarge($"{_size} bytes or more");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TrainingPlanException(
                FedJobErrorCode.TrainingPlanNotFound, $"'{path}' cannot be read: {exception.Message} Check who may read it.", exception)
            {
                Assembly = _path,
            };
        }
    }

    private bool IsProvided(string name) =>
        HostAssemblies.IsContract(name) || HostAssemblies.IsNotForPlans(name) || _entries.ContainsKey(PlanFileNames.ForAssembly(name));

    private static IEnumerable<string> NativeFileNames(string module) =>
        [module, module + ".dll", module + ".so", module + ".dylib", "lib" + module + ".so", "lib" + module + ".dylib"];

    private TrainingPlanException Missing(string file, string who) => Invalid(
        $"'{file}', which {who}, does not lie beside '{_path}'. Set <CopyLocalLockFileAssemblies>true</CopyLocalLockFileAssemblies> "
        + "in the plan's project and build it again, or put the file there.");

    private TrainingPlanException NativeLibrary(string file, string who) => Invalid(
        $"'{_path}' needs the native library '{file}' of {who}. A training plan travels with managed assemblies only: "
        + "use a package without native files.");

    private TrainingPlanException TooLarge(string what) => new(
        FedJobErrorCode.FileTooLarge,
        $"'{_path}' and what it needs come to {what}; a bundle holds at most {PlanBundle.MaximumFiles} files and "
        + $"{PlanBundle.MaximumBytes} bytes. Put the training plan into a small assembly of its own.")
    {
        Assembly = _path,
    };

    private TrainingPlanException Invalid(string message, Exception? inner = null) =>
        new(FedJobErrorCode.TrainingPlanAssemblyInvalid, message, inner) { Assembly = _path };
}

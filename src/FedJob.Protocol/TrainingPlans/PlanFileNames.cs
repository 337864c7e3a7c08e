using System.Text;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// Which file names a bundle may hold: the manifest, bare <c>Name.dll</c> and <c>Name.deps.json</c>, and <c>runtimes/RID/Name.dll</c> for
/// an assembly that differs between platforms. Nothing is ever unpacked to disk under these names.
/// </summary>
internal static class PlanFileNames
{
    /// <summary>The entry that names the plan's own assembly.</summary>
    public const string Manifest = "fedjob-plan.json";

    /// <summary>What an assembly's name ends with.</summary>
    public const string AssemblyExtension = ".dll";

    /// <summary>What the name of a list of dependencies ends with.</summary>
    public const string DependenciesExtension = ".deps.json";

    /// <summary>The most bytes of a name.</summary>
    public const int MaximumBytes = 255;

    /// <summary>What is allowed, for messages.</summary>
    public const string Allowed = "'" + Manifest + "', 'Name.dll', 'Name.deps.json', 'runtimes/RID/Name.dll'";

    private const string RuntimesFolder = "runtimes";

    /// <summary>Whether a bundle may hold a file of this name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Whether it may.</returns>
    public static bool IsAllowed(string name)
    {
        if (name.Length > MaximumBytes || Encoding.UTF8.GetByteCount(name) > MaximumBytes)
        {
            return false;
        }

        return name.Split('/') switch
        {
            [var file] => file == Manifest || IsPlainFile(file, AssemblyExtension) || IsPlainFile(file, DependenciesExtension),
            [RuntimesFolder, var runtime, var file] => IsRuntimeIdentifier(runtime) && IsPlainFile(file, AssemblyExtension),
            _ => false,
        };
    }

    /// <summary>The entry of an assembly.</summary>
    /// <param name="assemblyName">The simple name of the assembly.</param>
    /// <param name="runtimeIdentifier">The platform it is for, or <see langword="null"/> for all.</param>
    /// <returns>The name.</returns>
    public static string ForAssembly(string assemblyName, string? runtimeIdentifier = null) =>
        runtimeIdentifier is null
            ? assemblyName + AssemblyExtension
            : $"{RuntimesFolder}/{runtimeIdentifier}/{assemblyName}{AssemblyExtension}";

    /// <summary>The simple name an assembly of this file name must have.</summary>
    /// <param name="name">An allowed name.</param>
    /// <returns>The simple name, or <see langword="null"/> if the file is no assembly.</returns>
    public static string? AssemblyOf(string name) =>
        name.EndsWith(AssemblyExtension, StringComparison.Ordinal) ? name[(name.LastIndexOf('/') + 1)..^AssemblyExtension.Length] : null;

    private static bool IsPlainFile(string file, string extension)
    {
        if (!file.EndsWith(extension, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> stem = file.AsSpan(0, file.Length - extension.Length);
        if (stem.IsEmpty || stem[0] is '.' or ' ' || stem[^1] is '.' or ' ' || stem.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (char c in stem)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '.' or '-' or '+' or ' '))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsRuntimeIdentifier(string text) =>
        text.Length is > 0 and <= 64
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')
        && char.IsAsciiLetterLower(text[0]) && text[^1] is not ('.' or '-')
        && !text.Contains("..", StringComparison.Ordinal);
}

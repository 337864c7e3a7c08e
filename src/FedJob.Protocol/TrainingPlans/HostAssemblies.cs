using System.Collections.Frozen;
using System.Reflection;
using System.Runtime.Loader;
using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// Which assemblies a plan shares with the program that runs it. Types that cross the border between the two must be the same on both
/// sides, so the contract, what its surface is made of, and the framework always come from the host; everything else comes from the
/// plan's bundle.
/// </summary>
internal static class HostAssemblies
{
    /// <summary>The contract and the packages its surface is made of: never in a bundle, always the host's own.</summary>
    private static readonly FrozenSet<string> Contract = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "FedJob.Abstractions",
        "Microsoft.Extensions.Logging.Abstractions",
        "Microsoft.Extensions.DependencyInjection.Abstractions");

    /// <summary>
    /// FedJob's other libraries. A plan that was written inside a program references them, but they never travel with it: the plan's own
    /// code does not need them, and what they depend on must not run at a node twice.
    /// </summary>
    private static readonly FrozenSet<string> NotForPlans = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "FedJob", "FedJob.Protocol", "FedJob.Node", "FedJob.Testing");

    private static readonly FrozenSet<string> Framework = FindFramework().ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly AssemblyLoadContext HostContext =
        AssemblyLoadContext.GetLoadContext(typeof(ITrainingPlan).Assembly) ?? AssemblyLoadContext.Default;

    /// <summary>Whether an assembly belongs to the contract.</summary>
    /// <param name="name">Its simple name.</param>
    /// <returns>Whether it does.</returns>
    public static bool IsContract(string name) => Contract.Contains(name);

    /// <summary>Whether an assembly is one of FedJob's that a plan cannot use.</summary>
    /// <param name="name">Its simple name.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsNotForPlans(string name) => NotForPlans.Contains(name);

    /// <summary>Whether an assembly comes with this machine's .NET.</summary>
    /// <param name="name">Its simple name.</param>
    /// <returns>Whether it does.</returns>
    public static bool IsFramework(string name) => Framework.Contains(name);

    /// <summary>Whether a plan gets the host's copy of an assembly.</summary>
    /// <param name="name">Its simple name.</param>
    /// <returns>Whether it does.</returns>
    public static bool IsShared(string name) => IsContract(name) || IsFramework(name);

    /// <summary>The host's copy of a shared assembly.</summary>
    /// <param name="name">Its name; the host's version must be the same or newer.</param>
    /// <returns>The assembly.</returns>
    /// <exception cref="FileNotFoundException">The host has none, or only an older one.</exception>
    /// <exception cref="FileLoadException">The host has only an older one.</exception>
    public static Assembly GetShared(AssemblyName name) => HostContext.LoadFromAssemblyName(name);

    private static IEnumerable<string> FindFramework()
    {
        string[] trusted = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string? core = trusted.FirstOrDefault(path => Path.GetFileNameWithoutExtension(path) == "System.Private.CoreLib");
        string? coreFolder = Path.GetDirectoryName(core);
        if (coreFolder is null || Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory) == coreFolder)
        {
            // A self-contained program mixes the framework with its own files; only names can tell them apart.
            return trusted.Select(path => Path.GetFileNameWithoutExtension(path)!).Where(HasFrameworkName);
        }

        // .../shared/Microsoft.NETCore.App/10.0.0/x.dll, and its siblings such as Microsoft.AspNetCore.App.
        string? frameworks = Grandparent(coreFolder);
        return trusted
            .Where(path => Grandparent(Path.GetDirectoryName(path)) == frameworks)
            .Select(path => Path.GetFileNameWithoutExtension(path)!);
    }

    private static string? Grandparent(string? folder) => Path.GetDirectoryName(Path.GetDirectoryName(folder));

    private static bool HasFrameworkName(string name) =>
        name is "mscorlib" or "netstandard" or "System" or "WindowsBase" or "Microsoft.CSharp"
        || name.StartsWith("System.", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.VisualBasic", StringComparison.Ordinal);
}

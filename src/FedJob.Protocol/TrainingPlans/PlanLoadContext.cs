using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// Holds the assemblies of one bundle, loaded from its bytes and unloaded together. The contract and the framework are the host's; a
/// private dependency is the bundle's, whatever version the host has loaded; anything else is not found, even if the host happens to have
/// it, so that a plan behaves alike at every node.
/// </summary>
internal sealed class PlanLoadContext(PlanBundle bundle)
    : AssemblyLoadContext($"FedJob plan {bundle.AssemblyName} {bundle.Sha256[..12]}", isCollectible: true)
{
    private static readonly string?[] RuntimeIdentifiers = [.. FindRuntimeIdentifiers().Distinct(StringComparer.Ordinal), null];

    /// <summary>Loads the plan's own assembly and checks that all it references directly can be had; runs none of its code.</summary>
    /// <returns>The assembly.</returns>
    /// <exception cref="TrainingPlanException">It cannot be loaded, or needs something that is not there.</exception>
    public Assembly LoadPlan()
    {
        try
        {
            Assembly plan = LoadFromBundle(bundle.AssemblyName)!;
            foreach (AssemblyName reference in plan.GetReferencedAssemblies().Where(r => !HostAssemblies.IsNotForPlans(r.Name!)))
            {
                Assembly found = HostAssemblies.IsShared(reference.Name!)
                    ? HostAssemblies.GetShared(new AssemblyName(reference.Name!))
                    : LoadFromAssemblyName(reference);
                if (HostAssemblies.IsShared(reference.Name!) && found.GetName().Version < reference.Version)
                {
                    throw Unloadable($"it was built for {reference.Name} {reference.Version}, but here is only {found.GetName().Version}.");
                }
            }

            return plan;
        }
        catch (Exception exception) when (IsLoadFailure(exception))
        {
            throw Unloadable(Describe(exception), exception);
        }
    }

    /// <summary>
    /// Whether an exception means that an assembly or a type cannot be loaded. While none of the plan's code runs, every one does: for
    /// damaged tables the runtime throws all kinds, among them COM and security exceptions.
    /// </summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Whether it does.</returns>
    public static bool IsLoadFailure(Exception exception) => exception is not (TrainingPlanException or OutOfMemoryException);

    /// <summary>What went wrong, in one line: the runtime wraps what <see cref="Load"/> threw into a message that says less.</summary>
    /// <param name="exception">A load failure.</param>
    /// <returns>The reason.</returns>
    public static string Describe(Exception exception) => exception.GetBaseException().Message.ReplaceLineEndings(" ").Trim();

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string name = assemblyName.Name ?? string.Empty;
        if (HostAssemblies.IsShared(name))
        {
            return HostAssemblies.GetShared(assemblyName);
        }

        if (LoadFromBundle(name) is { } own)
        {
            return own;
        }

        // Translated resources do not travel; without them the runtime takes the neutral ones.
        return string.IsNullOrEmpty(assemblyName.CultureName) ? throw NotFound(name) : null;
    }

    private Assembly? LoadFromBundle(string name)
    {
        if (bundle.FindAssembly(name, RuntimeIdentifiers) is not { } bytes)
        {
            return null;
        }

        using Stream stream = MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);
        return LoadFromStream(stream);
    }

    private TrainingPlanException Unloadable(string reason, Exception? inner = null) => new(
        FedJobErrorCode.TrainingPlanAssemblyInvalid,
        $"The assembly '{bundle.AssemblyName}' of a training plan cannot be loaded: {reason} Build the plan for this .NET "
        + $"({RuntimeInformation.FrameworkDescription}) and this FedJob, or update them here.",
        inner)
    {
        Assembly = bundle.AssemblyName,
    };

    private static FileNotFoundException NotFound(string name) => new(
        HostAssemblies.IsNotForPlans(name)
            ? $"The training plan's code uses '{name}', which a plan cannot: of FedJob it has FedJob.Abstractions only."
            : $"'{name}' is neither in the training plan's bundle nor part of .NET or FedJob.Abstractions. Bundle it with the plan.",
        name);

    /// <summary>
    /// From this very platform to all of its kind, as NuGet names them: linux-musl-x64, linux-musl, linux-x64, linux, unix.
    /// </summary>
    private static IEnumerable<string> FindRuntimeIdentifiers()
    {
        string architecture = "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        string exact = RuntimeInformation.RuntimeIdentifier;
        yield return exact;
        if (exact.EndsWith(architecture, StringComparison.Ordinal))
        {
            yield return exact[..^architecture.Length];
        }

        string system =
            OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : OperatingSystem.IsLinux() ? "linux" : "unix";
        yield return system + architecture;
        yield return system;
        if (!OperatingSystem.IsWindows())
        {
            yield return "unix";
        }
    }
}

using System.IO.Hashing;
using System.Text;

namespace FedJob.Testing.Scripting;

/// <summary>Chance and names that depend on a seed and on what they are for, never on the order of events.</summary>
internal static class Chance
{
    /// <summary>A generator of its own for each purpose.</summary>
    public static Random Of(int seed, params ReadOnlySpan<string> purpose) =>
        new((int)XxHash32.HashToUInt32(Encoding.UTF8.GetBytes($"{seed}/{string.Join('/', purpose)}")));

    /// <summary>An id of its own for each purpose.</summary>
    public static Guid Id(int seed, params ReadOnlySpan<string> purpose) =>
        new(XxHash128.Hash(Encoding.UTF8.GetBytes($"{seed}/{string.Join('/', purpose)}")));
}

using System.Text.Json.Nodes;

namespace FedJob.Abstractions;

/// <summary>
/// Copies JSON arguments. How deep they are is looked at first, without recursion: a copy, a comparison or a message of very deep JSON
/// would exhaust the stack, which ends the process.
/// </summary>
internal static class JsonArguments
{
    /// <summary>
    /// The deepest nesting of objects and arrays in one argument, its own object included: far below what a stack holds, far above what a
    /// message may hold.
    /// </summary>
    public const int MaximumDepth = 512;

    /// <summary>Copies an argument.</summary>
    /// <param name="value">The argument.</param>
    /// <param name="name">Its name, for the message.</param>
    /// <returns>The copy.</returns>
    /// <exception cref="ArgumentException">It is more than <see cref="MaximumDepth"/> levels deep.</exception>
    public static JsonObject Copy(JsonObject value, string name)
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return IsTooDeep(value)
            ? throw new ArgumentException(
                $"{name} must be at most {MaximumDepth} levels of objects and arrays deep, and is deeper: flatten it or send it as a file.",
                name)
            : value.DeepClone().AsObject();
    }

    private static bool IsTooDeep(JsonObject value)
    {
        var pending = new Stack<(JsonNode Node, int Depth)>();
        pending.Push((value, 1));
        while (pending.TryPop(out (JsonNode Node, int Depth) next))
        {
            if (next.Depth > MaximumDepth)
            {
                return true;
            }

            foreach (JsonNode? child in Children(next.Node))
            {
                if (child is JsonObject or JsonArray)
                {
                    pending.Push((child, next.Depth + 1));
                }
            }
        }

        return false;
    }

    private static IEnumerable<JsonNode?> Children(JsonNode node)
    {
        try
        {
            return node is JsonObject map ? [.. map.Select(p => p.Value)] : (JsonNode?[])[.. node.AsArray()];
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // An object parsed from text finds a name that stands twice, or is no Unicode, only when it is first looked into. It is copied
            // as text, without recursion, and refused where it is written, by name.
            return [];
        }
    }
}

using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>Arguments that nodes get with their train request for their side of an aggregation rule, by name.</summary>
public sealed record NodeArguments
{
    /// <summary>No arguments.</summary>
    public static NodeArguments None { get; } = new();

    /// <summary>Small values, sent inside the message: numbers, texts, booleans, lists; no objects, which nodes take for file references. Default: none.</summary>
    public JsonObject Values { get; init; } = [];

    /// <summary>
    /// Heavy values, sent as files: a map layer -> tensor under the name of the argument, e.g. <c>aggregator_correction</c>. The tensors stay the caller's and
    /// are read while the round sends; equal bytes are uploaded once. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, ModelParameters> Files { get; init; } = new Dictionary<string, ModelParameters>(StringComparer.Ordinal);

    /// <summary>The names of all arguments.</summary>
    internal IEnumerable<string> Names => Values.Select(v => v.Key).Concat(Files.Keys);

    /// <summary>These arguments and others.</summary>
    internal NodeArguments And(string whom, NodeArguments other)
    {
        if (Names.Intersect(other.Names, StringComparer.Ordinal).FirstOrDefault() is { } twice)
        {
            throw new AggregationException(
                $"The aggregator argument '{twice}' for {whom} is given by the rule and by the caller of the round; leave it to the rule, or use another name.");
        }

        return new()
        {
            Values = [.. Values.Concat(other.Values).Select(v => KeyValuePair.Create(v.Key, v.Value?.DeepClone()))],
            Files = Files.Concat(other.Files).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal),
        };
    }
}

using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Rounds;

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
}

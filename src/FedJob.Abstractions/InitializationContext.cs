using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Abstractions;

/// <summary>What a plan gets when its model is built.</summary>
public sealed record InitializationContext
{
    /// <summary>The researcher's model arguments: a JSON object of the plan's own making. Default: empty.</summary>
    public JsonObject ModelArgs { get; init; } = [];

    /// <summary>The training arguments of the job.</summary>
    public required TrainingArgs TrainingArgs { get; init; }

    /// <summary>
    /// The seed of everything random in the model's initial parameters; the same on the researcher's side and on every node.
    /// </summary>
    public required int Seed { get; init; }

    /// <summary>Where the plan may log; on a node the researcher sees these lines. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

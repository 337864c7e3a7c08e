using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Node.Execution;

/// <summary>What a training amounted to; nothing of the plan's own.</summary>
/// <param name="SampleCount">The samples trained on.</param>
/// <param name="OptimizerArgs">The learning rate and the steps, as far as the plan told them.</param>
/// <param name="Timing">How long it took.</param>
internal sealed record SessionResult(long SampleCount, JsonObject OptimizerArgs, TrainTiming Timing);

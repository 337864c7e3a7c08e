using FedJob.Protocol.Messages;

namespace FedJob.Node.Execution;

/// <summary>What a training amounted to; nothing of the plan's own.</summary>
/// <param name="SampleCount">The samples trained on.</param>
/// <param name="LearningRate">The learning rate that was used, if the plan told it.</param>
/// <param name="Timing">How long it took.</param>
internal sealed record SessionResult(long SampleCount, double? LearningRate, TrainTiming Timing);

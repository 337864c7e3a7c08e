using FedJob.Metrics;
using FedJob.Protocol.Messages;

namespace FedJob.Checkpoints;

/// <summary>Metrics as lines of a checkpoint.</summary>
internal static class MetricLines
{
    public static MetricDocument Write(NodeMetric metric) => new()
    {
        Round = metric.Round,
        ResearcherId = metric.Message.ResearcherId,
        NodeId = metric.NodeId,
        Train = metric.Message.Train,
        Test = metric.Message.Test,
        TestOnLocalUpdates = metric.Message.TestOnLocalUpdates,
        TestOnGlobalUpdates = metric.Message.TestOnGlobalUpdates,
        Metrics = metric.Message.Metrics,
        Epoch = metric.Message.Epoch,
        TotalSamples = metric.Message.TotalSamples,
        BatchSamples = metric.Message.BatchSamples,
        BatchCount = metric.Message.BatchCount,
        SamplesTrained = metric.Message.SamplesTrained,
        Iteration = metric.Message.Iteration,
    };

    public static NodeMetric Read(MetricDocument line, string jobId) => new(line.Round, new MetricMessage
    {
        JobId = jobId,
        ResearcherId = line.ResearcherId,
        NodeId = Identifier.Check(line.NodeId),
        Train = line.Train,
        Test = line.Test,
        TestOnLocalUpdates = line.TestOnLocalUpdates,
        TestOnGlobalUpdates = line.TestOnGlobalUpdates,
        Metrics = line.Metrics,
        Epoch = line.Epoch,
        TotalSamples = line.TotalSamples,
        BatchSamples = line.BatchSamples,
        BatchCount = line.BatchCount,
        SamplesTrained = line.SamplesTrained,
        Iteration = line.Iteration,
    });
}

using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Benchmarks.Parameters;

/// <summary>Messages as long as those of real rounds; ids are those of a default installation, a name and a GUID.</summary>
internal static class SampleMessages
{
    private const string Researcher = "researcher_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a";
    private const string Job = "job_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a";
    private const string State = "node_state_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a";
    private const string Dataset = "dataset_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a";
    private const string Uploads = "http://127.0.0.1:8844/media/uploads/2026/";

    /// <summary>The longest message of a round.</summary>
    public static TrainRequest Request { get; } = new()
    {
        ResearcherId = Researcher,
        JobId = Job,
        StateId = State,
        ParametersUrl = Uploads + "aggregated_params_7f0e2f5c.mpk",
        TrainingArgs = new TrainingArgs { Epochs = 2, BatchSize = 32, LearningRate = 0.1, TestRatio = 0.2, RandomSeed = 1234 },
        DatasetId = Dataset,
        Training = true,
        ModelArgs = new() { ["in_features"] = 784, ["out_features"] = 10, ["dropout"] = 0.25 },
        TrainingPlanUrl = Uploads + "training_plan_7f0e2f5c.zip",
        TrainingPlanClass = "Hospital.Plans.DigitPlan",
        Round = 7,
        AggregatorArgs = [],
    };

    /// <summary>The message that comes most often: a node's answer to a training request.</summary>
    public static TrainReply Reply { get; } = new()
    {
        ResearcherId = Researcher,
        JobId = Job,
        NodeId = "node_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a",
        StateId = State,
        Success = true,
        DatasetId = Dataset,
        ParametersUrl = Uploads + "node_params_7f0e2f5c.mpk",
        SampleCount = 100,
        Timing = TrainTiming.FromSeconds(1.5, 1.25),
        Text = "",
    };

    /// <summary>The shortest message.</summary>
    public static PingRequest Ping { get; } = new() { ResearcherId = Researcher, Sequence = 4711 };
}

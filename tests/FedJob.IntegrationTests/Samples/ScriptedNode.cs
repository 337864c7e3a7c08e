using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Samples;

/// <summary>What an emulated Fed-BioMed node trains in these tests: it adds its delta to the model's one tensor, <c>weight</c>.</summary>
internal sealed class ScriptedNode(string id, float delta, int samples)
{
    private int _asked;

    /// <summary>How many train requests it answers before it falls silent.</summary>
    public int Answers { get; set; } = int.MaxValue;

    /// <summary>Done when the first train request arrived that is left without an answer.</summary>
    public TaskCompletionSource Unanswered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FedBioMedNodeEmulatorOptions Options => new()
    {
        NodeId = id,
        Datasets =
        {
            new DatasetEntry
            {
                DatasetId = $"dataset_{id}", Name = $"rows of {id}", DataType = "csv", Tags = ["demo"], Description = "numbers", Shape = [samples, 3],
            },
        },
        Plan = new EmulatedPlan
        {
            ExpectedParameters = new ModelParameters(
                [new("weight", ParameterTensor.FromMemory<float>(new float[3], [3], TensorKind.TorchTensor))]),
            Train = TrainAsync,
        },
    };

    private async Task<EmulatedUpdate> TrainAsync(EmulatedTask task, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _asked) > Answers)
        {
            Unanswered.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        ParameterTensor weight = task.Parameters["weight"];
        float[] values = weight.AsSpan<float>().ToArray();
        await task.ReportMetricAsync("Loss", values[0], 1, 1, 1, task.SampleCount);
        return new EmulatedUpdate
        {
            Parameters = new ModelParameters(
                [new("weight", ParameterTensor.FromMemory<float>(values.Select(v => v + delta).ToArray(), weight.Shape, weight.Kind))]),
            SampleCount = task.SampleCount,
        };
    }
}

using FedJob.Abstractions;

namespace FedJob.Testing.Scripting;

/// <summary>What an emulated node does instead of running the Python plan.</summary>
public sealed class EmulatedPlan
{
    /// <summary>
    /// The class the module has; another one in a request fails as at a real node. Default: null, every class at the top level of the module.
    /// </summary>
    public string? ClassName { get; init; }

    /// <summary>The class of the model, named in torch's messages. Default: <c>Net</c>.</summary>
    public string ModelName { get; init; } = "Net";

    /// <summary>
    /// The model's parameters: names, shapes and kind that those of a request must have; their values do not matter. Default: null, all fit.
    /// </summary>
    public ModelParameters? ExpectedParameters { get; init; }

    /// <summary>Keys the plan reads from <c>model_args</c>; a missing one fails as at a real node. Default: none.</summary>
    public IReadOnlyList<string> RequiredModelArgs { get; init; } = [];

    /// <summary>Keys the plan reads from <c>optimizer_args</c>; a missing one fails as at a real node. Default: none.</summary>
    public IReadOnlyList<string> RequiredOptimizerArgs { get; init; } = [];

    /// <summary>
    /// The training. What it throws becomes the node's "Cannot train model in round". Default: the parameters unchanged, with a falling loss reported
    /// where a real node reports it.
    /// </summary>
    public Func<EmulatedTask, CancellationToken, Task<EmulatedUpdate>> Train { get; init; } = EchoTraining.RunAsync;

    internal Uri? InstantFile { get; private init; }

    internal long InstantSamples { get; private init; }

    /// <summary>A plan that downloads and computes nothing: each training request is answered at once with a file that was uploaded before.</summary>
    /// <param name="uploadedFile">The URL of a node's parameter file.</param>
    /// <param name="sampleCount">The sample count of the answer.</param>
    /// <returns>The plan.</returns>
    public static EmulatedPlan Instant(Uri uploadedFile, long sampleCount)
    {
        ArgumentNullException.ThrowIfNull(uploadedFile);
        return new EmulatedPlan { InstantFile = uploadedFile, InstantSamples = sampleCount };
    }
}

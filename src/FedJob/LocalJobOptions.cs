using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.TrainingPlans;

namespace FedJob;

/// <summary>What a training without nodes is made of.</summary>
public sealed class LocalJobOptions
{
    /// <summary>What is trained. Required.</summary>
    public required TrainingPlanSource TrainingPlan { get; set; }

    /// <summary>What it is trained on. Required.</summary>
    public required LocalDataset Dataset { get; set; }

    /// <summary>How it is trained. Required.</summary>
    public required TrainingArgs TrainingArgs { get; set; }

    /// <summary>Arguments of the model, a JSON object of the plan's own making. Default: empty.</summary>
    public JsonObject ModelArgs { get; set; } = [];

    /// <summary>The samples to train on, counted from 0; at least one. Default: all.</summary>
    public IReadOnlyList<int>? Samples { get; set; }

    /// <summary>The parameters to start from. Default: those the plan makes with <see cref="Seed"/>.</summary>
    public ModelParameters? InitialParameters { get; set; }

    /// <summary>The seed of the initial parameters, and of the training where the training arguments set none. Default: 0.</summary>
    public int Seed { get; set; }

    /// <summary>
    /// Told the losses of the running training, on the thread that trains. What it throws ends the training. Default: nobody.
    /// </summary>
    public IProgress<MetricReport>? Progress { get; set; }

    /// <summary>Checks the values and the rules between them.</summary>
    /// <exception cref="ArgumentException">A rule is broken; the message names option, value and what is allowed.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(TrainingPlan);
        ArgumentNullException.ThrowIfNull(Dataset);
        ArgumentNullException.ThrowIfNull(TrainingArgs);
        ArgumentNullException.ThrowIfNull(ModelArgs);
        TrainingArgs.Validate(training: false);
        if (InitialParameters is { Count: 0 })
        {
            throw new ArgumentException(
                "LocalJobOptions.InitialParameters holds no tensor; give the model's parameters, or null for the plan's own.");
        }

        CheckSamples(Samples, Dataset, "LocalJobOptions.Samples");
    }

    /// <summary>Refuses samples that a dataset does not hold.</summary>
    internal static void CheckSamples(IReadOnlyList<int>? samples, LocalDataset dataset, string name)
    {
        if (dataset.SampleCount < 1)
        {
            throw new ArgumentException($"The dataset '{dataset.Name}' holds no sample; at least 1 is needed.");
        }

        if (samples is { Count: 0 })
        {
            throw new ArgumentException($"{name} is empty; name at least one sample, or null for all.");
        }

        foreach (int sample in samples ?? [])
        {
            if (sample < 0 || sample >= dataset.SampleCount)
            {
                throw new ArgumentException(
                    $"{name} names sample {sample}; the dataset '{dataset.Name}' holds samples 0 to {dataset.SampleCount - 1}.");
            }
        }
    }

    /// <summary>A copy that the caller's later changes do not reach.</summary>
    internal LocalJobOptions Copy()
    {
        var copy = (LocalJobOptions)MemberwiseClone();
        copy.ModelArgs = JsonArguments.Copy(ModelArgs, nameof(ModelArgs));
        copy.Samples = Samples is null ? null : [.. Samples];
        return copy;
    }
}

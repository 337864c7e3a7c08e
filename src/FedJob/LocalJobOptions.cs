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

    /// <summary>The samples to train on. Default: all.</summary>
    public IReadOnlyList<int>? Samples { get; set; }

    /// <summary>The parameters to start from. Default: those the plan makes with <see cref="Seed"/>.</summary>
    public ModelParameters? InitialParameters { get; set; }

    /// <summary>The seed of the initial parameters, and of the training where the training arguments set none. Default: 0.</summary>
    public int Seed { get; set; }

    /// <summary>Told the losses of the running training. Default: nobody.</summary>
    public IProgress<MetricReport>? Progress { get; set; }
}

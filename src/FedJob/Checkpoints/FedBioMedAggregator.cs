using System.Text.Json.Nodes;

namespace FedJob.Checkpoints;

/// <summary>The aggregator of a Fed-BioMed breakpoint, as data: nothing is looked up by its names.</summary>
public sealed record FedBioMedAggregator
{
    /// <summary>The Python class, e.g. <c>FedAverage</c> or <c>Scaffold</c>; <c>class</c>.</summary>
    public required string ClassName { get; init; }

    /// <summary>The Python module; <c>module</c>.</summary>
    public required string ModuleName { get; init; }

    /// <summary>All its parameters as written, paths of the other machine included; <c>parameters</c>. <see langword="null"/> without any.</summary>
    public JsonObject? Parameters { get; init; }

    /// <summary>The learning rate of the server in Scaffold; <c>server_lr</c>.</summary>
    public double? ServerLearningRate { get; init; }

    /// <summary>The file with the global state of Scaffold; <c>global_state_filename</c>. Null without one, and where it is missing.</summary>
    public string? GlobalStateFile { get; init; }

    /// <summary>The file with the correction of each node in Scaffold; <c>aggregator_correction</c>. <see langword="null"/> for one that is missing.</summary>
    public IReadOnlyDictionary<string, string?> CorrectionFiles { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);
}

using System.Collections.ObjectModel;
using FedJob.Aggregation;

namespace FedJob.Rounds;

/// <summary>What a round came to.</summary>
public sealed record RoundResult
{
    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>How it went.</summary>
    public required RoundOutcome Outcome { get; init; }

    /// <summary>One verdict for each participant, in ordinal order of the node ids.</summary>
    public required IReadOnlyList<NodeVerdict> Verdicts { get; init; }

    /// <summary>The file with the new global parameters, in the job's directory; the unchanged ones after a validation-only round.</summary>
    public required string ParametersPath { get; init; }

    /// <summary>Where nodes download that file.</summary>
    public required Uri ParametersUrl { get; init; }

    /// <summary>
    /// The file with what the nodes' optimizers told, in the job's directory until the next training round; <see langword="null"/> where none told
    /// anything. <see cref="Job.OpenAuxiliaryVariables"/> reads it.
    /// </summary>
    public string? AuxiliaryVariablesPath { get; init; }

    /// <summary>
    /// How large each update was, and which were outliers by <see cref="RoundPolicy.OutlierGuard"/>, in ordinal order of the node ids. Empty where nothing was looked at:
    /// validation, encrypted updates, a guard that is off.
    /// </summary>
    public IReadOnlyList<ScreenedUpdate> ScreenedUpdates { get; init; } = [];

    /// <summary>The samples all successful participants trained on.</summary>
    public long SampleCount => Verdicts.Sum(v => v.SampleCount ?? 0);

    /// <summary>
    /// What <see cref="Loop.RunOptions.Evaluator"/> said of the new global parameters, by name; empty without an evaluator, and where it failed. Its time is not part of
    /// <see cref="Timings"/>.
    /// </summary>
    public IReadOnlyDictionary<string, double> Evaluation { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>Where the time went.</summary>
    public required RoundTimings Timings { get; init; }
}

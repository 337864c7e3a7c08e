using System.Globalization;
using System.Text.Json.Nodes;

namespace FedJob.Abstractions;

/// <summary>
/// The training arguments of a job, the seventeen of Fed-BioMed 4.5 under .NET names. Immutable: derive another set with <c>with</c>.
/// Each value is checked when it is set; rules between values are checked by <see cref="Validate"/>, which a job calls before anything is
/// sent.
/// </summary>
/// <example><code>
/// var args = new TrainingArgs { Epochs = 2, BatchSize = 32, LearningRate = 0.1, TestRatio = 0.2, RandomSeed = 1234 };
/// </code></example>
public sealed record TrainingArgs
{
    private readonly JsonObject _loaderArgs = [];
    private readonly JsonObject _optimizerArgs = [];
    private readonly JsonObject _testMetricArgs = [];
    private readonly int? _epochs;
    private readonly int? _updateCount;
    private readonly int? _maximumBatches;
    private readonly double _testRatio;
    private readonly int _logInterval = 10;
    private readonly double? _fedProxMu;

    /// <summary>
    /// Arguments of the data loader, among them <c>batch_size</c>; <c>loader_args</c> on the wire. Default: none. Read and set as a copy.
    /// </summary>
    /// <exception cref="ArgumentException">The value is more than 512 levels deep.</exception>
    public JsonObject LoaderArgs { get => Copy(_loaderArgs); init => _loaderArgs = JsonArguments.Copy(value, nameof(LoaderArgs)); }

    /// <summary>
    /// Arguments of the optimizer, among them <c>lr</c>; <c>optimizer_args</c> on the wire. Default: none. Read and set as a copy.
    /// </summary>
    /// <exception cref="ArgumentException">The value is more than 512 levels deep.</exception>
    public JsonObject OptimizerArgs
    {
        get => Copy(_optimizerArgs);
        init => _optimizerArgs = JsonArguments.Copy(value, nameof(OptimizerArgs));
    }

    /// <summary>Samples per batch, at least 1: the entry <c>batch_size</c> of <see cref="LoaderArgs"/>. Default: not set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? BatchSize
    {
        get => _loaderArgs["batch_size"] is JsonValue size && size.TryGetValue(out int count) ? count : null;
        init => _loaderArgs = With(
            _loaderArgs, "batch_size", AtLeast(value, 1, nameof(BatchSize)) is { } size ? JsonValue.Create(size) : null);
    }

    /// <summary>
    /// The local learning rate, finite and above 0: the entry <c>lr</c> of <see cref="OptimizerArgs"/>. Default: not set.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0, NaN or infinite.</exception>
    public double? LearningRate
    {
        get => _optimizerArgs["lr"] is JsonValue lr && lr.TryGetValue(out double rate) ? rate : null;
        init => _optimizerArgs = value is null || (double.IsFinite(value.Value) && value > 0)
            ? With(_optimizerArgs, "lr", value is { } rate ? JsonValue.Create(rate) : null)
            : throw new ArgumentOutOfRangeException(nameof(LearningRate), value, "LearningRate must be a finite number above 0.");
    }

    /// <summary>
    /// Passes over the local data, at least 1; <c>epochs</c> on the wire. Excludes <see cref="UpdateCount"/>. Default: not set.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Epochs { get => _epochs; init => _epochs = AtLeast(value, 1, nameof(Epochs)); }

    /// <summary>Optimizer steps, at least 1; <c>num_updates</c> on the wire. Excludes <see cref="Epochs"/>. Default: not set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? UpdateCount { get => _updateCount; init => _updateCount = AtLeast(value, 1, nameof(UpdateCount)); }

    /// <summary>
    /// Whether a node stops after one batch, to try things out; <c>dry_run</c> on the wire. Default: <see langword="false"/>.
    /// </summary>
    public bool DryRun { get; init; }

    /// <summary>The most batches of one epoch, at least 1; <c>batch_maxnum</c> on the wire. Default: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? MaximumBatches { get => _maximumBatches; init => _maximumBatches = AtLeast(value, 1, nameof(MaximumBatches)); }

    /// <summary>
    /// The share of local samples held out for validation, in [0, 1]; <c>test_ratio</c> on the wire. Below 1 when training. Default: 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside [0, 1] or NaN.</exception>
    public double TestRatio
    {
        get => _testRatio;
        init => _testRatio = value is >= 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TestRatio), value, "TestRatio must lie in [0, 1].");
    }

    /// <summary>
    /// Whether a node validates after training; <c>test_on_local_updates</c> on the wire. Default: <see langword="false"/>.
    /// </summary>
    public bool TestOnLocalUpdates { get; init; }

    /// <summary>
    /// Whether a node validates the parameters it was sent; <c>test_on_global_updates</c> on the wire. Default: <see langword="false"/>.
    /// </summary>
    public bool TestOnGlobalUpdates { get; init; }

    /// <summary>The metric of a validation; <c>test_metric</c> on the wire. Default: the plan's own.</summary>
    public TestMetric? TestMetric { get; init; }

    /// <summary>Arguments of the metric; <c>test_metric_args</c> on the wire. Default: none. Read and set as a copy.</summary>
    /// <exception cref="ArgumentException">The value is more than 512 levels deep.</exception>
    public JsonObject TestMetricArgs
    {
        get => Copy(_testMetricArgs);
        init => _testMetricArgs = JsonArguments.Copy(value, nameof(TestMetricArgs));
    }

    /// <summary>Batches between two reported losses, at least 1; <c>log_interval</c> on the wire. Default: 10.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int LogInterval { get => _logInterval; init => _logInterval = AtLeast(value, 1, nameof(LogInterval))!.Value; }

    /// <summary>
    /// The proximal coefficient of FedProx (Li et al. 2020), finite and at least 0; <c>fedprox_mu</c> on the wire. Default: off.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, NaN or infinite.</exception>
    public double? FedProxMu
    {
        get => _fedProxMu;
        init => _fedProxMu = value is null || (double.IsFinite(value.Value) && value >= 0)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(FedProxMu), value, "FedProxMu must be a finite number of at least 0.");
    }

    /// <summary>Whether a node may use a GPU; <c>use_gpu</c> on the wire. Default: <see langword="false"/>.</summary>
    public bool UseGpu { get; init; }

    /// <summary>Differential privacy; <c>dp_args</c> on the wire. Default: off.</summary>
    public DifferentialPrivacyArgs? DifferentialPrivacy { get; init; }

    /// <summary>
    /// Whether buffers that are no parameters are shared too; <c>share_persistent_buffers</c> on the wire. Default: <see langword="true"/>.
    /// </summary>
    public bool SharePersistentBuffers { get; init; } = true;

    /// <summary>The seed of everything random in a node's training; <c>random_seed</c> on the wire. Default: not set.</summary>
    public int? RandomSeed { get; init; }

    /// <summary>Checks the rules between values.</summary>
    /// <param name="training">Whether the round trains; a validation-only round needs neither epochs nor updates.</param>
    /// <exception cref="ArgumentException">A rule is broken; the message names both arguments with their values and what is
    /// accepted.</exception>
    public void Validate(bool training)
    {
        if (Epochs is not null && UpdateCount is not null)
        {
            throw new ArgumentException(
                $"TrainingArgs.Epochs ({Epochs}) and TrainingArgs.UpdateCount ({UpdateCount}) exclude each other: set one of them.");
        }

        if (training && Epochs is null && UpdateCount is null)
        {
            throw new ArgumentException(
                "TrainingArgs.Epochs and TrainingArgs.UpdateCount are both unset, so there is nothing to train: "
                + "set one of them to 1 or more.");
        }

        if (training && TestRatio >= 1)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"TrainingArgs.TestRatio is {TestRatio}, which leaves no sample to train on: set it below 1."));
        }
    }

    /// <summary>Two sets are equal when all their arguments are; argument objects are compared as JSON.</summary>
    /// <param name="other">The other set.</param>
    /// <returns>Whether they are equal.</returns>
    public bool Equals(TrainingArgs? other) =>
        other is not null
        && JsonNode.DeepEquals(_loaderArgs, other._loaderArgs)
        && JsonNode.DeepEquals(_optimizerArgs, other._optimizerArgs)
        && JsonNode.DeepEquals(_testMetricArgs, other._testMetricArgs)
        && (Epochs, UpdateCount, DryRun, MaximumBatches, TestRatio, TestOnLocalUpdates, TestOnGlobalUpdates, TestMetric)
            == (other.Epochs, other.UpdateCount, other.DryRun, other.MaximumBatches, other.TestRatio, other.TestOnLocalUpdates,
                other.TestOnGlobalUpdates, other.TestMetric)
        && (LogInterval, FedProxMu, UseGpu, DifferentialPrivacy, SharePersistentBuffers, RandomSeed)
            == (other.LogInterval, other.FedProxMu, other.UseGpu, other.DifferentialPrivacy,
                other.SharePersistentBuffers, other.RandomSeed);

    /// <summary>A hash of the scalar arguments.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode() =>
        HashCode.Combine(Epochs, UpdateCount, TestRatio, TestMetric, LogInterval, FedProxMu, RandomSeed, DryRun);

    private static JsonObject Copy(JsonObject value) => value.DeepClone().AsObject();

    private static JsonObject With(JsonObject source, string name, JsonValue? value)
    {
        JsonObject copy = Copy(source);
        if (value is null)
        {
            copy.Remove(name);
        }
        else
        {
            copy[name] = value;
        }

        return copy;
    }

    private static int? AtLeast(int? value, int minimum, string name) =>
        value is null || value >= minimum
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be a whole number of at least {minimum}.");
}

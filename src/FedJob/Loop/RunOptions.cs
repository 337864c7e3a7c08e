using FedJob.Abstractions;

namespace FedJob.Loop;

/// <summary>
/// What <see cref="Job.RunAsync"/> does around its rounds. None of it is stored in a checkpoint but what early stopping and best-model keeping have seen: a
/// resumed run is given its options again.
/// </summary>
/// <example><code>
/// var options = new RunOptions
/// {
///     Evaluator = (round, parameters, cancellationToken) => Task.FromResult(Measure(parameters)),
///     EarlyStopping = new EarlyStopping { Metric = new WatchedMetric("loss"), Patience = 5 },
///     KeepBest = new KeepBest { Metric = new WatchedMetric("loss") },
///     LearningRate = LearningRateSchedule.Cosine(0.1, 0.001, rounds: 100),
/// };
/// await foreach (RoundResult round in job.RunAsync(100, options: options)) { ... }
/// </code></example>
public sealed record RunOptions
{
    /// <summary>
    /// How many of the job's nodes must be there before each round: they answer a ping and still hold the job's dataset. The round then chooses its participants
    /// among those that are there. 1 to the number of the job's nodes. Default: <see langword="null"/>, nobody is asked and the choice is among all.
    /// </summary>
    public int? MinimumAvailableNodes { get; init; }

    /// <summary>How long a round waits for them, 0 to 45 days; they are looked for at least once. Default: 5 min.</summary>
    public TimeSpan AvailabilityWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time from one look to the next; above 0, at most 1 day. Default: 5 s.</summary>
    public TimeSpan AvailabilityInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Evaluates the new global parameters after each round: it is given the number of the round, counted from 0, the parameters, as views of their file that end
    /// with the evaluation, and a token that ends with the run; it returns metrics by name, of which a copy is kept. Names must not be blank. Its metrics are <see cref="Rounds.RoundResult.Evaluation"/>, and in <see cref="Job.Metrics"/> those of a
    /// node with the researcher's id. Default: none.
    /// </summary>
    public Func<int, ModelParameters, CancellationToken, Task<IReadOnlyDictionary<string, double>>>? Evaluator { get; init; }

    /// <summary>When the run ends before its number of rounds. Default: never.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>By what the parameters of the best round are kept. Default: they are not.</summary>
    public KeepBest? KeepBest { get; init; }

    /// <summary>
    /// How long after a round the nodes' validation metrics may arrive, which travel beside the replies; 0 to 1 hour. Only waited for where early stopping or
    /// best-model keeping needs them, and only until all successful participants have reported. Default: 2 s.
    /// </summary>
    public TimeSpan MetricWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The local learning rate of each round; takes the place of that of <see cref="Job.TrainingArgs"/>. Default: none, that one counts.</summary>
    public LearningRateSchedule? LearningRate { get; init; }

    /// <summary>
    /// Nodes whose training arguments differ, by node id: from those of the round (with <see cref="LearningRate"/> in them) to their own, e.g.
    /// <c>["node_1"] = args => args with { Epochs = 2 }</c>. Checked like all others before anything is sent. A node that leaves the job meanwhile
    /// is passed over. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, Func<TrainingArgs, TrainingArgs>> NodeTrainingArgs { get; init; } =
        new Dictionary<string, Func<TrainingArgs, TrainingArgs>>(StringComparer.Ordinal);

    /// <summary>Whether anything is to be done after a round.</summary>
    internal bool Observes => Evaluator is not null || EarlyStopping is not null || KeepBest is not null;

    /// <summary>The metrics of nodes that are needed after each round.</summary>
    internal IReadOnlyList<WatchedMetric> NodeMetrics =>
        [.. new[] { EarlyStopping?.Metric, KeepBest?.Metric }.OfType<WatchedMetric>().Where(m => m.Source != MetricSource.Evaluation).Distinct()];

    /// <summary>Checks the values and the rules between them.</summary>
    /// <param name="nodes">The nodes of the job.</param>
    /// <exception cref="ArgumentException">A rule is broken; the message names option, value and what is allowed.</exception>
    internal void Validate(IReadOnlyList<string> nodes)
    {
        ArgumentNullException.ThrowIfNull(NodeTrainingArgs);
        if (MinimumAvailableNodes is { } minimum && (minimum < 1 || minimum > nodes.Count))
        {
            throw new ArgumentException($"RunOptions.MinimumAvailableNodes is {minimum}; allowed: 1 to {nodes.Count}, the nodes of the job.");
        }

        CheckTime(AvailabilityWait, TimeSpan.Zero, TimeSpan.FromDays(45), nameof(AvailabilityWait));
        CheckTime(AvailabilityInterval, TimeSpan.FromTicks(1), TimeSpan.FromDays(1), nameof(AvailabilityInterval));
        CheckTime(MetricWait, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(MetricWait));
        EarlyStopping?.Validate();
        KeepBest?.Validate();
        foreach ((WatchedMetric? metric, string owner) in new[] { (EarlyStopping?.Metric, nameof(EarlyStopping)), (KeepBest?.Metric, nameof(KeepBest)) })
        {
            if (metric is { Source: MetricSource.Evaluation } && Evaluator is null)
            {
                throw new ArgumentException(
                    $"RunOptions.{owner} looks at '{metric.Name}' of the evaluation, and RunOptions.Evaluator is not set: set it, or choose another WatchedMetric.Source.");
            }
        }

        foreach ((string nodeId, Func<TrainingArgs, TrainingArgs> change) in NodeTrainingArgs)
        {
            ArgumentNullException.ThrowIfNull(change, nameof(NodeTrainingArgs));
            if (!nodes.Contains(nodeId, StringComparer.Ordinal))
            {
                throw new ArgumentException($"RunOptions.NodeTrainingArgs has an entry for '{nodeId}', which is no node of the job ({string.Join(", ", nodes)}).");
            }
        }
    }

    private static void CheckTime(TimeSpan value, TimeSpan least, TimeSpan most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"RunOptions.{name} is {value}; allowed: {(least == TimeSpan.Zero ? "0" : "above 0")} to {most}.");
        }
    }
}

using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>
/// SCAFFOLD: control variates take the drift towards each node's own optimum out of its local steps (Karimireddy et al. 2020, "SCAFFOLD: Stochastic Controlled
/// Averaging for Federated Learning", algorithm 1 with option II). The server keeps them: node i gets d_i = c_i - c and descends by g - d_i; from what it returns
/// c_i = d_i + (w - w_i) / (K lr_i), c = mean of the c_i over all nodes of the job, and w = w - eta mean over the participants of (w - w_i).
/// </summary>
/// <remarks>
/// <para>
/// d_i travels as the file <c>aggregator_correction</c> beside <c>aggregator_name</c>, from the first round on, when it is zero: as Fed-BioMed's PyTorch plans
/// expect it from their native Scaffold, whose float32 bits these are with uniform weighting. .NET plans apply it by <see cref="GradientCorrection"/> or
/// <see cref="SgdTrainingPlan{T}"/>. lr_i is what the node tells (<c>optimizer_args.lr</c>, for all or by layer), else <see cref="TrainingArgs.LearningRate"/>; K is
/// <see cref="TrainingArgs.UpdateCount"/>, which must be set, or what a FedJob node tells of its steps.
/// </para>
/// <para>
/// A node that did not take part keeps its c_i. With <see cref="NodeWeighting.SampleCount"/> both means are weighted, a node counting in c as in its last reply;
/// one that never replied does not count yet. The rule remembers c_i of each node that took part: a model a node. Running statistics of batch normalisation get the weighted mean.
/// </para>
/// </remarks>
/// <example><code>var rule = new Scaffold { LearningRate = 1 };   // with TrainingArgs { UpdateCount = 20, LearningRate = 0.05 }</code></example>
public sealed class Scaffold : IAggregator
{
    private readonly double _learningRate = 1;
    private readonly NodeWeighting _weighting = NodeWeighting.Uniform;
    private ScaffoldMemory? _memory;

    /// <inheritdoc/>
    public string Name => "Scaffold";

    /// <summary>The server's learning rate eta, finite and above 0. Default: 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a finite number above 0.</exception>
    public double LearningRate { get => _learningRate; init => _learningRate = RuleOption.Positive(value); }

    /// <summary>How much each node counts in both means, that of the updates and that of the c_i. Default: every node alike, as in the paper.</summary>
    public NodeWeighting Weighting { get => _weighting; init => _weighting = RuleOption.Required(value); }

    /// <inheritdoc/>
    public TrainingArgs AdjustTrainingArgs(TrainingArgs trainingArgs)
    {
        ArgumentNullException.ThrowIfNull(trainingArgs);
        return trainingArgs.UpdateCount is not null
            ? trainingArgs
            : throw new ArgumentException(
                "Scaffold needs TrainingArgs.UpdateCount, the number K of local steps, and it is not set; set it to 1 or more, instead of Epochs.");
    }

    /// <inheritdoc/>
    public RoundPreparation PrepareRound(PreparationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _weighting.Check(Name, context.Participants);
        ScaffoldMemory memory = MemoryFor(context.Global);
        return new RoundPreparation
        {
            AggregatorArguments = new AggregatorArguments
            {
                Shared = new NodeArguments { Values = new JsonObject { ["aggregator_name"] = Name } },
                PerNode = memory.CorrectionsOf(context.Participants).ToDictionary(
                    c => c.NodeId,
                    c => new NodeArguments
                    {
                        Files = new Dictionary<string, ModelParameters>(StringComparer.Ordinal) { [GradientCorrection.CorrectionArgument] = c.Correction },
                    },
                    StringComparer.Ordinal),
            },
        };
    }

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        ScaffoldMemory before = MemoryFor(context.Global);
        ScaffoldMemory after = before.Next(context, _weighting);
        _memory = after;
        return new ScaffoldRound(this, context, before, after);
    }

    /// <inheritdoc/>
    public ParameterMap SaveState() => _memory?.Save() ?? ParameterMap.Empty;

    /// <inheritdoc/>
    public void RestoreState(ParameterMap state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _memory = state.Count == 0 ? null : ScaffoldMemory.Restore(Name, state);
    }

    private ScaffoldMemory MemoryFor(ModelParameters global)
    {
        ScaffoldMemory memory = _memory ?? ScaffoldMemory.New(Name, global);
        memory.CheckFits(global);
        return memory;
    }
}

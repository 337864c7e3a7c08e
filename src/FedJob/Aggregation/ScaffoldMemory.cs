using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>What <see cref="Scaffold"/> remembers: c, and d_i = c_i - c and the weight of each node. Not changed after the round that made it.</summary>
internal sealed class ScaffoldMemory
{
    private const string GlobalKey = "global_state";
    private const string CorrectionsKey = "corrections";
    private const string WeightsKey = "weights";

    private readonly string _rule;
    private readonly RuleTensors _zeros;
    private readonly SortedDictionary<string, RuleTensors> _corrections = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> _weights = new(StringComparer.Ordinal);

    private ScaffoldMemory(string rule, RuleTensors global, RuleTensors zeros) => (_rule, Global, _zeros) = (rule, global, zeros);

    /// <summary>c, the mean of all c_i.</summary>
    public RuleTensors Global { get; }

    /// <summary>The nodes a round computes with: all of the job's.</summary>
    public IReadOnlyCollection<string> Nodes => _corrections.Keys;

    public static ScaffoldMemory New(string rule, ModelParameters model)
    {
        var zeros = RuleTensors.Like(rule, model);
        return new(rule, zeros, zeros);
    }

    /// <summary>Room for what a round makes of this; the tensors of nodes and c are zeros to be written.</summary>
    public ScaffoldMemory Next(AggregationContext context, NodeWeighting weighting)
    {
        var next = new ScaffoldMemory(_rule, RuleTensors.Like(_rule, context.Global), _zeros);
        foreach (string nodeId in context.Nodes)
        {
            next._corrections.Add(nodeId, RuleTensors.Like(_rule, context.Global));
            double? weight = context.Updates.FirstOrDefault(u => u.NodeId == nodeId) is { } update ? weighting.WeightOf(_rule, nodeId, update.SampleCount)
                : ReferenceEquals(weighting, NodeWeighting.Uniform) ? 1
                : _weights.TryGetValue(nodeId, out double last) ? last
                : null;
            if (weight is { } known)
            {
                next._weights.Add(nodeId, known);
            }
        }

        return next;
    }

    /// <summary>d_i; zeros for a node that is new.</summary>
    public RuleTensors Correction(string nodeId) => _corrections.GetValueOrDefault(nodeId, _zeros);

    /// <summary>The weight of c_i in c; 0 for a node whose weight is not known yet.</summary>
    public double Weight(string nodeId) => _weights.GetValueOrDefault(nodeId);

    /// <summary>What participants are sent; new ones share one set of zeros, so that it is written once.</summary>
    public IEnumerable<(string NodeId, ModelParameters Correction)> CorrectionsOf(IReadOnlyList<string> participants)
    {
        ModelParameters zeros = _zeros.Parameters;
        return participants.Select(p => (p, _corrections.TryGetValue(p, out RuleTensors? own) ? own.Parameters : zeros));
    }

    public void CheckFits(ModelParameters model) => Global.CheckFits(model);

    public ParameterMap Save() => ParameterMap.Create(
    [
        new(GlobalKey, Global.ToMap()),
        new(CorrectionsKey, ParameterMap.Create(_corrections.Select(c => KeyValuePair.Create<string, ParameterValue>(c.Key, c.Value.ToMap())))),
        new(WeightsKey, ParameterMap.Create(_weights.Select(w => KeyValuePair.Create<string, ParameterValue>(w.Key, new ParameterFloat(w.Value))))),
    ]);

    public static ScaffoldMemory Restore(string rule, ParameterMap state)
    {
        var global = RuleTensors.From(rule, state.TryGetValue(GlobalKey, out ParameterValue? c) ? c : null);
        var memory = new ScaffoldMemory(rule, global, RuleTensors.Like(rule, global.Parameters));
        foreach ((string nodeId, ParameterValue correction) in Entries(rule, state, CorrectionsKey))
        {
            var own = RuleTensors.From(rule, correction);
            own.CheckFits(global.Parameters);
            memory._corrections.Add(nodeId, own);
        }

        foreach ((string nodeId, ParameterValue weight) in Entries(rule, state, WeightsKey))
        {
            memory._weights.Add(nodeId, weight is ParameterFloat { Value: > 0 and < double.PositiveInfinity } known ? known.Value : throw RuleTensors.NoStateOf(rule));
        }

        return memory;
    }

    private static IEnumerable<(string NodeId, ParameterValue Value)> Entries(string rule, ParameterMap state, string key) =>
        (state.TryGetValue(key, out ParameterValue? value) ? value as ParameterMap : null)?.Entries
            .Select(e => (e.Key is ParameterText text ? text.Value : throw RuleTensors.NoStateOf(rule), e.Value))
        ?? throw RuleTensors.NoStateOf(rule);
}

using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>What <see cref="Scaffold"/> remembers: c, and c_i and the weight of each node that took part. Not changed after the round that made it.</summary>
internal sealed class ScaffoldMemory
{
    private const string GlobalKey = "global_state";
    private const string StatesKey = "local_states";
    private const string WeightsKey = "weights";

    private readonly string _rule;
    private readonly RuleTensors _zeros;
    private readonly SortedDictionary<string, RuleTensors> _states = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> _weights = new(StringComparer.Ordinal);

    private ScaffoldMemory(string rule, RuleTensors global, RuleTensors zeros) => (_rule, Global, _zeros) = (rule, global, zeros);

    /// <summary>c, the mean of all c_i.</summary>
    public RuleTensors Global { get; }

    public static ScaffoldMemory New(string rule, ModelParameters model)
    {
        var zeros = RuleTensors.Like(rule, model);
        return new(rule, zeros, zeros);
    }

    /// <summary>Room for what a round makes of this: c and the c_i of its participants are zeros to be written, the others keep theirs.</summary>
    public ScaffoldMemory Next(AggregationContext context, NodeWeighting weighting)
    {
        var next = new ScaffoldMemory(_rule, RuleTensors.Like(_rule, context.Global), _zeros);
        foreach (string nodeId in context.Nodes)
        {
            NodeUpdate? update = context.Updates.FirstOrDefault(u => u.NodeId == nodeId);
            if (update is not null || _states.ContainsKey(nodeId))
            {
                next._states.Add(nodeId, update is null ? _states[nodeId] : RuleTensors.Like(_rule, context.Global));
            }

            double? weight = update is not null ? weighting.WeightOf(_rule, nodeId, update.SampleCount)
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

    /// <summary>c_i; zeros for a node that never took part.</summary>
    public RuleTensors State(string nodeId) => _states.GetValueOrDefault(nodeId, _zeros);

    /// <summary>The weight of c_i in c; 0 for a node whose weight is not known yet.</summary>
    public double Weight(string nodeId) => _weights.GetValueOrDefault(nodeId);

    /// <summary>What participants are sent, d_i = c_i - c; new ones share one set, so that it is written once.</summary>
    public IEnumerable<(string NodeId, ModelParameters Correction)> CorrectionsOf(IReadOnlyList<string> participants)
    {
        var ofNew = new Lazy<ModelParameters>(() => _zeros.Minus(Global).Parameters);
        return participants.Select(p => (p, _states.TryGetValue(p, out RuleTensors? own) ? own.Minus(Global).Parameters : ofNew.Value));
    }

    public void CheckFits(ModelParameters model) => Global.CheckFits(model);

    public ParameterMap Save() => ParameterMap.Create(
    [
        new(GlobalKey, Global.ToMap()),
        new(StatesKey, ParameterMap.Create(_states.Select(c => KeyValuePair.Create<string, ParameterValue>(c.Key, c.Value.ToMap())))),
        new(WeightsKey, ParameterMap.Create(_weights.Select(w => KeyValuePair.Create<string, ParameterValue>(w.Key, new ParameterFloat(w.Value))))),
    ]);

    public static ScaffoldMemory Restore(string rule, ParameterMap state)
    {
        var global = RuleTensors.From(rule, state.TryGetValue(GlobalKey, out ParameterValue? c) ? c : null);
        var memory = new ScaffoldMemory(rule, global, RuleTensors.Like(rule, global.Parameters));
        foreach ((string nodeId, ParameterValue saved) in Entries(rule, state, StatesKey))
        {
            var own = RuleTensors.From(rule, saved);
            own.CheckFits(global.Parameters);
            memory._states.Add(nodeId, own);
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

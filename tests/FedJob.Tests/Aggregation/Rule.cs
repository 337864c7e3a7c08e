using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>Short ways to combine updates of one tensor <c>w</c> by a rule.</summary>
internal static class Rule
{
    public static NodeUpdate Update<T>(string nodeId, long samples, params T[] w)
        where T : unmanaged => new() { NodeId = nodeId, SampleCount = samples, Parameters = Model(w) };

    public static ModelParameters Model<T>(params T[] w)
        where T : unmanaged => new() { ["w"] = ParameterTensor.FromArray(w) };

    public static T[] Combine<T>(IAggregator rule, T[] global, params NodeUpdate[] updates)
        where T : unmanaged => Combine(rule, Model(global), updates)["w"].AsSpan<T>().ToArray();

    public static ModelParameters Combine(IAggregator rule, ModelParameters global, params NodeUpdate[] updates) => AggregationRun.Combine(
        rule, new AggregationContext { Round = 0, Global = global, Updates = updates }, TestContext.Current.CancellationToken);
}

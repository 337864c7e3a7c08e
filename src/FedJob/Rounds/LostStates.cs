namespace FedJob.Rounds;

/// <summary>Which nodes could not read the state they kept; such a node would fail in every round, so it is asked without one from then on.</summary>
internal static class LostStates
{
    /// <summary>What a node answers, word for word (PROTOCOL, seen from Fed-BioMed nodes).</summary>
    private const string Answer = "Can't read previous node state";

    public static IEnumerable<string> Of(IReadOnlyList<NodeVerdict> verdicts) =>
        verdicts.Where(v => v.Kind == VerdictKind.TrainingFailed && v.Reason?.Contains(Answer, StringComparison.Ordinal) == true).Select(v => v.NodeId);
}

using System.Collections.Concurrent;
using FedJob.Rounds;
using FedJob.Testing.Scripting;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Faults;

/// <summary>
/// What the nodes of the soak trained, kept beside FedJob: every training has a sample count that its node uses once only, so that a verdict tells which
/// training was used.
/// </summary>
internal sealed class SoakLedger
{
    private readonly ConcurrentDictionary<(string Node, long Samples), Training> _trained = new();
    private readonly HashSet<(string Node, long Samples)> _used = [];

    public int Used => _used.Count;

    public ScriptedNode Node(string id, double target) => new(id, task =>
    {
        double global = task.Parameters["mean"].AsSpan<double>()[0];
        long samples = 1 + task.Number;

        // Two trainings of one round differ: the mean tells which was used.
        double value = Half(global, target) + (0.001 * task.Number);
        Assert.True(_trained.TryAdd((id, samples), new Training(task.Round, global, value)), $"{id} trained number {task.Number} twice");
        return new EmulatedUpdate { Parameters = Mean(value), SampleCount = samples };
    });

    /// <summary>Checks a round and gives the mean it must have come to.</summary>
    /// <param name="round">The round.</param>
    /// <param name="asked">The nodes it asked.</param>
    /// <param name="global">The mean it started from.</param>
    public double Account(RoundResult round, IReadOnlyCollection<string> asked, double global)
    {
        double sum = 0;
        long weight = 0;
        foreach (NodeVerdict accepted in round.Verdicts.Where(v => v.Kind == VerdictKind.Succeeded))
        {
            (string Node, long Samples) key = (accepted.NodeId, accepted.SampleCount ?? -1);
            Assert.Contains(accepted.NodeId, asked);
            Assert.True(_trained.TryGetValue(key, out Training? training), $"{key} was accepted in round {round.Round}, but never trained");
            Assert.Equal((round.Round, global), (training.Round, training.Global));
            Assert.True(_used.Add(key), $"{key} was used twice, again in round {round.Round}");
            sum += key.Samples * training.Value;
            weight += key.Samples;
        }

        Assert.NotEqual(0, weight);
        return sum / weight;
    }

    private sealed record Training(int Round, double Global, double Value);
}

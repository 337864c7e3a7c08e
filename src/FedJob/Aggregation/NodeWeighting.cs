using System.Globalization;

namespace FedJob.Aggregation;

/// <summary>How much each node's update counts in a weighted mean.</summary>
/// <remarks>Integer and boolean tensors are counted by samples under every weighting: see <see cref="IAggregator"/>.</remarks>
public sealed class NodeWeighting
{
    private readonly IReadOnlyDictionary<string, double>? _own;

    private NodeWeighting(string name, IReadOnlyDictionary<string, double>? own = null) => (Name, _own) = (name, own);

    /// <summary>By the samples a node trained on: n_i / n, the weighting of the literature.</summary>
    public static NodeWeighting SampleCount { get; } = new("sample count");

    /// <summary>Every node alike: 1 / number of updates.</summary>
    public static NodeWeighting Uniform { get; } = new("uniform");

    /// <summary>What it is called in messages.</summary>
    internal string Name { get; }

    /// <summary>By weights of the caller's own; only their ratios matter.</summary>
    /// <param name="weights">A weight for every node that may take part, finite and above 0; copied.</param>
    /// <returns>The weighting.</returns>
    /// <exception cref="ArgumentException">There is no weight, or one is not a finite number above 0.</exception>
    public static NodeWeighting PerNode(IReadOnlyDictionary<string, double> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Count == 0)
        {
            throw new ArgumentException("There is no weight; give one for every node of the job.", nameof(weights));
        }

        foreach ((string nodeId, double weight) in weights)
        {
            if (!double.IsFinite(weight) || weight <= 0)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"The weight of node '{nodeId}' is {weight}; it must be a finite number above 0. Leave a node out by sampling, not by weight."),
                    nameof(weights));
            }
        }

        if (!double.IsFinite(weights.Values.Sum()))
        {
            throw new ArgumentException("The sum of the weights is beyond the range of numbers; only their ratios matter: scale them down.", nameof(weights));
        }

        return new("own", new Dictionary<string, double>(weights, StringComparer.Ordinal));
    }

    /// <summary>Checks that every node has a weight, before anything is sent to it.</summary>
    internal void Check(string rule, IEnumerable<string> nodes)
    {
        string[] missing = _own is null ? [] : [.. nodes.Where(n => !_own.ContainsKey(n))];
        if (missing.Length > 0)
        {
            throw new AggregationException(
                $"{rule} was given weights of its own for {_own!.Count} node(s), and none for {string.Join(", ", missing.Take(5))}; give NodeWeighting.PerNode a weight for every node.");
        }
    }

    /// <summary>The weight of one update, above 0.</summary>
    internal double WeightOf(string rule, string nodeId, long sampleCount)
    {
        Check(rule, [nodeId]);
        return _own is not null ? _own[nodeId] : ReferenceEquals(this, Uniform) ? 1 : sampleCount;
    }

    /// <summary>Each update's share, in order; together 1 but for rounding.</summary>
    internal double[] SharesOf(string rule, IReadOnlyList<NodeUpdate> updates) => SharesOf(rule, [.. updates.Select(u => new ExpectedUpdate(u.NodeId, u.SampleCount))]);

    /// <summary>The same from what replies say, before the updates are there.</summary>
    internal double[] SharesOf(string rule, IReadOnlyList<ExpectedUpdate> updates)
    {
        double[] weights = [.. updates.Select(u => WeightOf(rule, u.NodeId, u.SampleCount))];
        double total = weights.Sum();
        return [.. weights.Select(w => w / total)];
    }
}

using System.Collections.ObjectModel;
using FedJob.Protocol.Messages;

namespace FedJob.Nodes;

/// <summary>Which dataset of which node a job trains on: one dataset a node. Immutable, and never empty.</summary>
public sealed class FederatedDataset
{
    /// <summary>Names the datasets.</summary>
    /// <param name="datasets">The dataset of each node, by node id; copied.</param>
    /// <exception cref="ArgumentException">There is no dataset, or an id is not an <see cref="Identifier"/>.</exception>
    public FederatedDataset(IEnumerable<KeyValuePair<string, DatasetEntry>> datasets)
    {
        ArgumentNullException.ThrowIfNull(datasets);
        var copy = new SortedDictionary<string, DatasetEntry>(StringComparer.Ordinal);
        foreach ((string nodeId, DatasetEntry entry) in datasets)
        {
            ArgumentNullException.ThrowIfNull(entry, nameof(datasets));
            copy.Add(Identifier.Check(nodeId), entry);
        }

        if (copy.Count == 0)
        {
            throw new ArgumentException("A federated dataset needs at least one node.", nameof(datasets));
        }

        Datasets = new ReadOnlyDictionary<string, DatasetEntry>(copy);
        Nodes = [.. copy.Keys];
    }

    /// <summary>The nodes, in ordinal order.</summary>
    public IReadOnlyList<string> Nodes { get; }

    /// <summary>The dataset of each node, by node id, in ordinal order.</summary>
    public IReadOnlyDictionary<string, DatasetEntry> Datasets { get; }

    /// <summary>The same datasets, of some of the nodes only.</summary>
    /// <param name="nodes">The nodes to keep.</param>
    /// <returns>The smaller set.</returns>
    /// <exception cref="ArgumentException">A node holds no dataset of this set, or none is named.</exception>
    public FederatedDataset Only(params IEnumerable<string> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return new FederatedDataset(nodes.Distinct(StringComparer.Ordinal).Select(nodeId => Datasets.TryGetValue(nodeId, out DatasetEntry? entry)
            ? KeyValuePair.Create(nodeId, entry)
            : throw new ArgumentException($"Node '{nodeId}' holds no dataset of this set; there are: {string.Join(", ", Nodes)}.", nameof(nodes))));
    }
}

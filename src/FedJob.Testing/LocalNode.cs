using FedJob.Node;
using FedJob.Node.Datasets;

namespace FedJob.Testing;

/// <summary>A node of a <see cref="LocalFederation"/>.</summary>
/// <param name="nodeId">The node's id: 1 to 128 of <c>A-Z a-z 0-9 _ . -</c>.</param>
public sealed class LocalNode(string nodeId)
{
    /// <summary>The node's id.</summary>
    public string NodeId { get; } = nodeId;

    /// <summary>The data the node holds.</summary>
    public IList<NodeDataset> Datasets { get; init; } = [];

    /// <summary>Changes the node's options before it starts. Default: nothing.</summary>
    public Action<FederatedNodeOptions>? Configure { get; init; }
}

using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Nodes;

namespace FedBioMed;

/// <summary>Finds the data, and holds it against what the command line asks for.</summary>
internal static class NodeSearch
{
    /// <exception cref="UsageException">The nodes found do not fit the command line.</exception>
    /// <exception cref="NodeSearchException">No node answered, or none holds such data.</exception>
    public static async Task<FederatedDataset> FindAsync(IRequests requests, Arguments arguments, CancellationToken cancellationToken)
    {
        FederatedDataset data = await requests.SearchAsync(arguments.Tags!, arguments.Nodes, cancellationToken);
        string[] missing = [.. (arguments.Nodes ?? []).Except(data.Nodes, StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            IReadOnlyList<NodePong> there = await requests.PingAsync(missing, cancellationToken);
            string[] silent = [.. missing.Except(there.Select(pong => pong.NodeId), StringComparer.Ordinal)];
            throw silent.Length > 0
                ? new NodeSearchException(
                    FedJobErrorCode.NoNodeAnswered, $"--nodes names {string.Join(", ", silent)}, which did not answer; start it, or leave it out", data.Nodes)
                : new UsageException(
                    $"--nodes names {string.Join(", ", missing)}, which holds no data with the tags {string.Join(", ", arguments.Tags!)}; leave it out or change --tags");
        }

        return arguments.MinimumReplies is { } replies && replies > data.Nodes.Count
            ? throw new UsageException(
                $"--min-replies is {replies}, but only {data.Nodes.Count} node(s) hold such data: {string.Join(", ", data.Nodes)}; lower it or wait for more nodes")
            : data;
    }
}

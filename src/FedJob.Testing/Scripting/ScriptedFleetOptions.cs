using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;

namespace FedJob.Testing.Scripting;

/// <summary>Where the nodes of a <see cref="ScriptedFleet"/> connect, and how many of them share a connection.</summary>
public sealed class ScriptedFleetOptions
{
    /// <summary>The broker. Default: the defaults of the type.</summary>
    public BrokerOptions Broker { get; set; } = new();

    /// <summary>The repository the nodes download from and upload to. Default: none; required to start.</summary>
    public RepositoryOptions Repository { get; set; } = new();

    /// <summary>
    /// How many nodes share a connection to the broker, 1 to 1,000; a node that crashes by its script always has one of its own. Nodes that
    /// share one say
    /// that they are there, but have no last will. Default: 1, as real nodes.
    /// </summary>
    public int NodesPerConnection { get; set; } = 1;

    /// <summary>How many transfers to and from the repository run at a time, 1 to 1,000. Default: 16.</summary>
    public int TransferParallelism { get; set; } = 16;

    /// <summary>
    /// How many finished replies, and requests in progress, each node keeps, 1 to 100,000; beyond, the oldest are forgotten. Default:
    /// 1,000.
    /// </summary>
    public int FinishedRepliesKept { get; set; } = 1000;

    /// <summary>What drop-outs, reply times and names are drawn from. Default: 0.</summary>
    public int Seed { get; set; }

    /// <exception cref="ArgumentException">A value is not allowed.</exception>
    internal void Check()
    {
        Require(NodesPerConnection is >= 1 and <= 1000, nameof(NodesPerConnection), NodesPerConnection, "1 to 1000");
        Require(TransferParallelism is >= 1 and <= 1000, nameof(TransferParallelism), TransferParallelism, "1 to 1000");
        Require(FinishedRepliesKept is >= 1 and <= 100_000, nameof(FinishedRepliesKept), FinishedRepliesKept, "1 to 100000");
    }

    private static void Require(bool isAllowed, string option, int value, string allowed)
    {
        if (!isAllowed)
        {
            throw new ArgumentException($"ScriptedFleetOptions.{option} is {value}; allowed: {allowed}.");
        }
    }
}

using FedJob.Protocol.Mqtt;
using FedJob.Testing.Scripting;

namespace FedJob.Testing;

/// <summary>What a <see cref="LocalFederation"/> is made of.</summary>
public sealed class LocalFederationOptions
{
    /// <summary>The nodes. Default: none; researchers then find nobody.</summary>
    public IList<LocalNode> Nodes { get; init; } = [];

    /// <summary>Emulated Fed-BioMed 4.5 nodes; the federation fills in their broker and repository. Default: none.</summary>
    public IList<FedBioMedNodeEmulatorOptions> FedBioMedNodes { get; init; } = [];

    /// <summary>Scripted nodes, which need no training plan. Default: none.</summary>
    public IList<ScriptedNode> ScriptedNodes { get; init; } = [];

    /// <summary>
    /// How the scripted nodes are run, e.g. how many share a connection; the federation fills in broker and repository. Default: the
    /// defaults of the type.
    /// </summary>
    public ScriptedFleetOptions ScriptedFleet { get; set; } = new();

    /// <summary>
    /// Whether nodes run only plans that were approved at each of them. Default: <see langword="false"/>, the federation approves for you.
    /// </summary>
    public bool RequireApproval { get; set; }

    /// <summary>The embedded broker. Default: the defaults of <see cref="LocalBrokerOptions"/>.</summary>
    public LocalBrokerOptions Broker { get; set; } = new();

    /// <summary>
    /// A broker that runs elsewhere, such as a <see cref="MosquittoBroker"/>; it stays the caller's, and no embedded one is started.
    /// Default: none, the embedded broker.
    /// </summary>
    public BrokerOptions? ExternalBroker { get; set; }

    /// <summary>The embedded repository. Default: the defaults of <see cref="LocalRepositoryOptions"/>.</summary>
    public LocalRepositoryOptions Repository { get; set; } = new();
}

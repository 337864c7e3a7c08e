using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;

namespace FedJob.Testing.Scripting;

/// <summary>What an emulated Fed-BioMed 4.5 node is.</summary>
public sealed class FedBioMedNodeEmulatorOptions
{
    /// <summary>The node's id.</summary>
    public required string NodeId { get; init; }

    /// <summary>The broker; keep-alive and reconnecting are the Python node's, not the options'. Default: the defaults of the type.</summary>
    public BrokerOptions Broker { get; set; } = new();

    /// <summary>The repository it uploads to. Default: none; required to start.</summary>
    public RepositoryOptions Repository { get; set; } = new();

    /// <summary>Its datasets. Default: none.</summary>
    public IList<DatasetEntry> Datasets { get; init; } = [];

    /// <summary>Whether it runs only approved plans. Default: false.</summary>
    public bool RequiresApproval { get; init; }

    /// <summary>Whether it knows the other parties' certificates, so that a server key can be made. Default: false, as captured.</summary>
    public bool HasCertificates { get; init; }

    /// <summary>What it does instead of running Python. Default: the parameters unchanged.</summary>
    public EmulatedPlan Plan { get; init; } = new();
}

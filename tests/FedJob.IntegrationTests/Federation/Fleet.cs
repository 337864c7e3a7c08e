namespace FedJob.IntegrationTests.Federation;

/// <summary>Which nodes, over which broker, a test runs against.</summary>
public enum Fleet
{
    /// <summary>FedJob nodes over the embedded broker.</summary>
    FedJobEmbedded,

    /// <summary>FedJob nodes over mosquitto.</summary>
    FedJobMosquitto,

    /// <summary>Emulated Fed-BioMed nodes over the embedded broker.</summary>
    FedBioMedEmbedded,

    /// <summary>Emulated Fed-BioMed nodes over mosquitto.</summary>
    FedBioMedMosquitto,
}

namespace FedJob.IntegrationTests.Federation;

/// <summary>The fleets a test runs against.</summary>
public static class Fleets
{
    /// <summary>Both kinds of nodes, both brokers.</summary>
    public static TheoryData<Fleet> All => [Fleet.FedJobEmbedded, Fleet.FedJobMosquitto, Fleet.FedBioMedEmbedded, Fleet.FedBioMedMosquitto];

    /// <summary>For what only a .NET plan can do.</summary>
    public static TheoryData<Fleet> FedJob => [Fleet.FedJobEmbedded, Fleet.FedJobMosquitto];

    /// <summary>For what only Python nodes do.</summary>
    public static TheoryData<Fleet> FedBioMed => [Fleet.FedBioMedEmbedded, Fleet.FedBioMedMosquitto];

    internal static bool IsFedBioMed(this Fleet fleet) => fleet is Fleet.FedBioMedEmbedded or Fleet.FedBioMedMosquitto;

    internal static bool IsMosquitto(this Fleet fleet) => fleet is Fleet.FedJobMosquitto or Fleet.FedBioMedMosquitto;
}

namespace FedJob.Protocol.Messages;

/// <summary>What a Fed-BioMed node writes for the researcher's id in errors and logs when it does not know whom it answers.</summary>
public static class UnsetResearcher
{
    /// <summary>An exception inside a task of the node's queue.</summary>
    public const string NotSet = "NOT_SET";

    /// <summary>A request without a researcher's id.</summary>
    public const string UnknownResearcherId = "unknown_researcher_id";

    /// <summary>Every log, and the error of a node that goes down. The only one that is no <see cref="Identifier"/>.</summary>
    public const string Unknown = "<unknown>";

    /// <summary>Whether a researcher's id is one of these.</summary>
    /// <param name="researcherId">The id.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsUnset(string? researcherId) => researcherId is NotSet or UnknownResearcherId or Unknown;
}

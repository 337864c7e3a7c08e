namespace FedJob.Node.Execution;

/// <summary>The error numbers and texts of Fed-BioMed 4.5 that researchers recognise; on the wire the number is its whole text.</summary>
internal static class NodeErrors
{
    /// <summary>Something went wrong that has no number of its own.</summary>
    public const string Undetermined = "FB300: undetermined node error";

    /// <summary>A message is not well formed.</summary>
    public const string Protocol = "FB301: Protocol error";

    /// <summary>What a Python node says beside <see cref="Protocol"/>.</summary>
    public const string ProtocolText = "Message was not properly formatted";

    /// <summary>The node is going down.</summary>
    public const string Stopped = "FB312: Node stopped in SIGTERM signal handler";

    /// <summary>The dataset of a train request is not here.</summary>
    public const string NoDataset = "FB313: no dataset matching request";

    /// <summary>What a Python node says beside <see cref="NoDataset"/>.</summary>
    public const string NoDatasetText = "Did not found proper data in local datasets";

    /// <summary>What a Python node answers to a state id it does not have.</summary>
    public const string UnknownState = "Can't read previous node state.";

    /// <summary>The answer to requests of secure aggregation.</summary>
    public const string NoSecagg = "This node does not take part in secure aggregation.";
}

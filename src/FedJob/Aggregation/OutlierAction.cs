namespace FedJob.Aggregation;

/// <summary>What happens to an update that is an outlier.</summary>
public enum OutlierAction
{
    /// <summary>Nothing: updates are not looked at, which saves one pass over them.</summary>
    None,

    /// <summary>It is reported, in the log and in the round's result, and used.</summary>
    Report,

    /// <summary>It is reported and not used; its node's verdict is <c>Excluded</c>. The round fails where that leaves it without its quorum.</summary>
    Exclude,
}

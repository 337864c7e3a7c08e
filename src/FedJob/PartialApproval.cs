namespace FedJob;

/// <summary>What to do while some nodes of a job would not run its plan.</summary>
public enum PartialApproval
{
    /// <summary>Throw.</summary>
    Fail,

    /// <summary>Ask again until all would run it, or the time is over.</summary>
    Wait,

    /// <summary>Go on with the nodes that would run it, if there is one; the others leave the job.</summary>
    ContinueWithApproved,
}

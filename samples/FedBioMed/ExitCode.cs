namespace FedBioMed;

/// <summary>What the program ends with.</summary>
internal enum ExitCode
{
    /// <summary>All rounds are done and the parameters are written.</summary>
    Done = 0,

    /// <summary>An argument, a file or the tags are wrong; nothing was trained.</summary>
    WrongInput = 1,

    /// <summary>Broker or repository cannot be reached or refused, or no node answered.</summary>
    Connection = 2,

    /// <summary>A round failed.</summary>
    RoundFailed = 3,

    /// <summary>Ended by the user, by Ctrl-C or SIGTERM.</summary>
    Cancelled = 130,
}

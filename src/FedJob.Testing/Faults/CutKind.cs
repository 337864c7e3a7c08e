namespace FedJob.Testing.Faults;

/// <summary>How a <see cref="FaultProxy"/> cuts a connection, seen by both ends.</summary>
public enum CutKind
{
    /// <summary>At once, with a TCP reset: what was under way is lost, both ends get an error.</summary>
    Reset,

    /// <summary>With a TCP FIN: both ends read the end of the stream, as if the other had closed.</summary>
    Finish,
}

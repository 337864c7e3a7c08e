namespace FedJob.Testing.Faults;

/// <summary>
/// What is wrong with connections through a <see cref="FaultProxy"/>; any faults together. The default is a faultless link.
/// </summary>
public sealed record LinkFaults
{
    /// <summary>A link without faults.</summary>
    public static LinkFaults None { get; } = new();

    /// <summary>The way the faults below concern; refusing concerns the connection as a whole. Default: both.</summary>
    public FaultDirection Direction { get; init; } = FaultDirection.Both;

    /// <summary>Whether new connections are reset as soon as they are accepted. Default: <see langword="false"/>.</summary>
    public bool Refuse { get; init; }

    /// <summary>
    /// The connection is cut once so many bytes of the concerned way were forwarded, counted from its start; 0 or more: with 0 the first
    /// byte cuts it.
    /// Default: never.
    /// </summary>
    public long? CutAfterBytes { get; init; }

    /// <summary>How <see cref="CutAfterBytes"/> cuts. Default: with a reset.</summary>
    public CutKind CutKind { get; init; } = CutKind.Reset;

    /// <summary>How long everything read is held before it is forwarded; 0 or more. Default: 0.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>
    /// The most bytes forwarded in a second, 0 or more: with 0 nothing moves, and nothing is lost, until the faults change. Default: no
    /// limit.
    /// </summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>
    /// Whether the connection stays open and what is sent vanishes. A connection that lost bytes this way stays a black hole until it is
    /// cut: going on
    /// after a gap is what no network does. A connection accepted meanwhile is not connected to the target at all. Default: <see
    /// langword="false"/>.
    /// </summary>
    public bool BlackHole { get; init; }

    /// <summary>The byte at this offset of the concerned way's stream has its bits flipped; 0 or more. Default: none.</summary>
    public long? CorruptAtOffset { get; init; }

    /// <summary>
    /// The chance of each byte to have one bit flipped, 0 to 1; the same bytes for the same seed and connection, however they are cut into
    /// reads. Default: 0.
    /// </summary>
    public double CorruptProbability { get; init; }

    /// <summary>The chance of each chunk, as read from the socket, to be sent twice; 0 to 1. Default: 0.</summary>
    public double DuplicateProbability { get; init; }

    /// <summary>Whether the faults concern a way.</summary>
    internal bool Concern(FaultDirection way) => Direction == FaultDirection.Both || Direction == way;

    /// <exception cref="ArgumentOutOfRangeException">A value is not allowed.</exception>
    internal void Check()
    {
        Require(CutAfterBytes is null or >= 0, nameof(CutAfterBytes), CutAfterBytes, "0 or more");
        Require(Delay >= TimeSpan.Zero && Delay <= TimeSpan.FromDays(1), nameof(Delay), Delay, "0 to one day");
        Require(BytesPerSecond is null or >= 0, nameof(BytesPerSecond), BytesPerSecond, "0 or more");
        Require(CorruptAtOffset is null or >= 0, nameof(CorruptAtOffset), CorruptAtOffset, "0 or more");
        Require(CorruptProbability is >= 0 and <= 1, nameof(CorruptProbability), CorruptProbability, "0 to 1");
        Require(DuplicateProbability is >= 0 and <= 1, nameof(DuplicateProbability), DuplicateProbability, "0 to 1");
    }

    private static void Require(bool isAllowed, string property, object? value, string allowed)
    {
        if (!isAllowed)
        {
            throw new ArgumentOutOfRangeException(property, value, $"LinkFaults.{property} is {value}; allowed: {allowed}.");
        }
    }
}

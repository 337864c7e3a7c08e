namespace FedJob.Testing.Faults;

/// <summary>A step of a script for a <see cref="FaultProxy"/>.</summary>
/// <param name="After">How long after the step before it (the first: after the script's start) it happens; 0 or more.</param>
/// <param name="Faults">What is wrong from then on, for all connections.</param>
/// <param name="Cut">How the connections open at that moment are cut. Default: they are not.</param>
public sealed record FaultStep(TimeSpan After, LinkFaults Faults, CutKind? Cut = null);

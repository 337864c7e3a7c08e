using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Faults;

/// <summary>What a node does wrong in one round of the soak.</summary>
internal enum SoakFault
{
    None,
    Silent,
    Late,
    Duplicate,
    CrashAndReturn,
    CorruptFile,
    MissingFile,
    Failing,
}

/// <summary>Draws the faults of the soak from a seed: which node does what in which round.</summary>
internal static class SoakFaults
{
    /// <summary>The next fault, or none.</summary>
    public static SoakFault Next(Random random, double probability) => random.NextDouble() < probability ? (SoakFault)random.Next(1, 8) : SoakFault.None;

    /// <summary>Has a node do this in a round, and nothing else.</summary>
    public static void Apply(this SoakFault fault, ScriptedNode node, int round)
    {
        node.Behaves();
        _ = fault switch
        {
            SoakFault.Silent => node.DropsOut(1),
            SoakFault.Late => node.RepliesLate(round, TimeSpan.FromMilliseconds(400)),
            SoakFault.Duplicate => node.Duplicates(3),
            SoakFault.CrashAndReturn => node.Crashes(round, TimeSpan.FromMilliseconds(100)),
            SoakFault.CorruptFile => node.CorruptsFile(round),
            SoakFault.MissingFile => node.MissingFile(round),
            SoakFault.Failing => node.FailsOnRound(round, "the soak says so"),
            _ => node,
        };
    }
}

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
    public static SoakFault Of(int seed, int node, int round, double probability)
    {
        var random = new Random(unchecked((seed * 1_000_003) + (node * 7919) + (round * 104_729)));
        return random.NextDouble() < probability ? (SoakFault)random.Next(1, 8) : SoakFault.None;
    }

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

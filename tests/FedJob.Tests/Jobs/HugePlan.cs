namespace FedJob.Tests.Jobs;

/// <summary>A plan whose updates are large enough to be added up early: {w: float[4,200,000]}, 16.8 MB.</summary>
public sealed class HugePlan : WidePlan
{
    public const int HugeLength = 4_200_000;

    protected override int Elements => HugeLength;
}

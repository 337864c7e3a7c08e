namespace FedJob.Node.Execution;

/// <summary>The samples of a dataset, divided: those to train on and those to validate with, each in ascending order.</summary>
/// <param name="Training">The indices to train on.</param>
/// <param name="Validation">The indices to validate with.</param>
internal sealed record SampleSplit(IReadOnlyList<int> Training, IReadOnlyList<int> Validation)
{
    /// <summary>Divides samples at random, the same way for the same seed.</summary>
    /// <param name="sampleCount">How many samples there are.</param>
    /// <param name="testRatio">The share to validate with; the count is rounded down, as Fed-BioMed does.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The division.</returns>
    public static SampleSplit Make(int sampleCount, double testRatio, int seed)
    {
        int[] order = new int[sampleCount];
        for (int index = 0; index < order.Length; index++)
        {
            order[index] = index;
        }

        int validationCount = (int)Math.Floor(sampleCount * testRatio);
        if (validationCount == 0)
        {
            return new SampleSplit(order, []);
        }

        new Random(seed).Shuffle(order);
        int[] validation = order[..validationCount];
        int[] training = order[validationCount..];
        Array.Sort(validation);
        Array.Sort(training);
        return new SampleSplit(training, validation);
    }
}

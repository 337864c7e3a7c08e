namespace QuickStart;

/// <summary>Accuracy (share of 0 to 1) and loss on the common test set.</summary>
internal sealed record Score(double Accuracy, double Loss);

/// <summary>The scores of one way to train, after the start and after each round.</summary>
internal sealed record Curve(string Name, string TrainedOn, int Samples, IReadOnlyList<Score> Scores)
{
    public Score Last => Scores[^1];
}

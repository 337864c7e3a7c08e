namespace Strategies;

/// <summary>Accuracy (share of 0 to 1) and loss on the common test set.</summary>
internal sealed record Score(double Accuracy, double Loss);

/// <summary>The scores of one strategy, at the start and after each round; the nodes reported as outliers, once a round; what a round's aggregation took.</summary>
internal sealed record Curve(string Name, IReadOnlyList<Score> Scores, IReadOnlyList<string> Outliers, TimeSpan Aggregation)
{
    public Score Last => Scores[^1];
}

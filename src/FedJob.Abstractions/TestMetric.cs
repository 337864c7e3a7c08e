namespace FedJob.Abstractions;

/// <summary>
/// The metric a node computes when it validates; the wire carries its Fed-BioMed name (<c>ACCURACY</c>, <c>F1_SCORE</c>, ...).
/// </summary>
public enum TestMetric
{
    /// <summary>Share of correct predictions; <c>ACCURACY</c>.</summary>
    Accuracy,

    /// <summary>Harmonic mean of precision and recall; <c>F1_SCORE</c>.</summary>
    F1Score,

    /// <summary>True positives among predicted positives; <c>PRECISION</c>.</summary>
    Precision,

    /// <summary>True positives among actual positives; <c>RECALL</c>.</summary>
    Recall,

    /// <summary>Mean of squared errors; <c>MEAN_SQUARE_ERROR</c>.</summary>
    MeanSquareError,

    /// <summary>Mean of absolute errors; <c>MEAN_ABSOLUTE_ERROR</c>.</summary>
    MeanAbsoluteError,

    /// <summary>Share of variance explained; <c>EXPLAINED_VARIANCE</c>.</summary>
    ExplainedVariance,
}

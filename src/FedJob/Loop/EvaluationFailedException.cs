using FedJob.Abstractions;
using FedJob.Rounds;

namespace FedJob.Loop;

/// <summary>
/// <see cref="RunOptions.Evaluator"/> threw, or what it returned cannot be used. The round itself ended well and is committed: <see cref="Result"/> is what it came
/// to, and the next <see cref="Job.RunAsync"/> with an evaluator begins with evaluating it again.
/// </summary>
public sealed class EvaluationFailedException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">What was evaluated, what went wrong, and what to do next.</param>
    /// <param name="result">What the round came to.</param>
    /// <param name="innerException">What the evaluator threw, if it did.</param>
    public EvaluationFailedException(string message, RoundResult result, Exception? innerException = null)
        : base(FedJobErrorCode.ExtensionFailed, message, innerException) => Result = result;

    /// <summary>What the round came to.</summary>
    public RoundResult Result { get; }
}

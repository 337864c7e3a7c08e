using FedJob.Abstractions;

namespace FedJob.Rounds;

/// <summary>A round ended without the replies its policy asks for. The job is as it was before the round; the round can be run again.</summary>
public sealed class RoundFailedException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">What was asked for, what came, and what to do next.</param>
    /// <param name="verdicts">One verdict for each participant.</param>
    public RoundFailedException(string message, IReadOnlyList<NodeVerdict> verdicts)
        : base(FedJobErrorCode.RoundFailed, message) => Verdicts = verdicts;

    /// <summary>One verdict for each participant, with its reason.</summary>
    public IReadOnlyList<NodeVerdict> Verdicts { get; }
}

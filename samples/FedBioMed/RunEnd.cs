namespace FedBioMed;

/// <summary>How the program ends.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Rounds">How many training rounds were committed.</param>
/// <param name="Out">The file with the final parameters; <see langword="null"/> unless all is done.</param>
/// <param name="Failure">What went wrong; <see langword="null"/> when all is done.</param>
/// <param name="Kept">After a failure, the file with the parameters of the last committed round; <see langword="null"/> without one.</param>
/// <param name="ResumeFrom">After a failure, the work directory that a later run goes on with; <see langword="null"/> without one.</param>
internal sealed record RunEnd(ExitCode ExitCode, int Rounds, string? Out, Failure? Failure, string? Kept, string? ResumeFrom = null)
{
    /// <summary>How to go on after a failure; <see langword="null"/> where there is nothing to go on with.</summary>
    public string? Hint => (Failure, Kept) switch
    {
        (null, _) => null,
        (_, { } kept) when ResumeFrom is { } work =>
            $"{Rounds} round(s) done; go on with --resume {work} (an unfinished round keeps the replies it has); the parameters are in {kept}, for --initial {kept}",
        (_, { } kept) => $"{Rounds} round(s) done; their parameters are in {kept}: a new run goes on from there with --initial {kept} (an unfinished round starts anew)",
        _ when ExitCode is ExitCode.Cancelled or ExitCode.RoundFailed => "0 rounds done; there is nothing to go on with, start again with the same arguments",
        _ => null,
    };
}

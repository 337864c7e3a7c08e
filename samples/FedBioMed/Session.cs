namespace FedBioMed;

/// <summary>One run of the program behind a view: from the command line to the exit code.</summary>
internal static class Session
{
    public static async Task<ExitCode> RunAsync(Func<Arguments> parse, IProgressView view, TextWriter error, CancellationToken cancellationToken)
    {
        ResearcherRun? run = null;
        RunEnd end;
        try
        {
            Arguments arguments = JobStart.Complete(parse());
            using InputFiles inputs = InputFiles.Read(arguments);
            using var loggers = new ViewLogger(view);
            run = new ResearcherRun(arguments, inputs, view, loggers);
            await run.RunAsync(cancellationToken);
            end = new RunEnd(ExitCode.Done, run.RoundsDone, arguments.OutFile, null, null);
        }
#pragma warning disable CA1031 // the program's boundary: whatever it is becomes one line and an exit code
        catch (Exception problem)
#pragma warning restore CA1031
        {
            var failure = Failure.Of(problem, cancellationToken.IsCancellationRequested);
            end = new RunEnd(failure.ExitCode, run?.RoundsDone ?? 0, null, failure, run?.Kept, run?.ResumeFrom);
        }

        view.Ended(end);
        Tell(end, error);
        return end.ExitCode;
    }

    private static void Tell(RunEnd end, TextWriter error)
    {
        if (end.Failure is { } failure)
        {
            string hint = failure.Code == "WrongInput" ? " (see FedBioMed --help)" : string.Empty;
            error.WriteLine(end.ExitCode == ExitCode.Cancelled ? failure.Message : $"error: {failure.Code}: {failure.Message}{hint}");
        }

        if (end.Hint is { } next)
        {
            error.WriteLine(next);
        }
    }
}

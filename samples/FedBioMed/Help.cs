namespace FedBioMed;

/// <summary>What <c>--help</c> prints.</summary>
internal static class Help
{
    public static string Text { get; } = $"""
        Trains a model on Fed-BioMed 4.5 nodes: sends them a Python training plan and the parameters, averages what they trained, round after round.

          FedBioMed --broker HOST:PORT --repository URL --tags a,b --plan FILE.py --class NAME --initial FILE.mpk
                    --rounds N --training-args FILE.json --out FILE.mpk [options]

        {string.Join(Environment.NewLine, Options.All.Select(Line))}

        Options marked * and + are required. Errors are one line each on standard error. Exit codes: 0 done; 1 wrong input, no data with these tags
        (nothing was trained); 2 broker or repository unreachable or refused, or no node answered; 3 a round failed; 130 ended by Ctrl-C or SIGTERM.
        A later run goes on where an earlier one ended with --resume and its --work DIR; the options marked + may then be left out (the job has
        their values; those given are held against it). --rounds is how many there are in all.
        """;

    private static string Line(Option option) =>
        $"{(option.OnlyToStart ? "+ " : option.Required ? "* " : "  ")}{$"{option.Name} {option.Value}",-27} {option.Description}";
}

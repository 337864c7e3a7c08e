namespace FedBioMed;

/// <summary>All options, in the order of the help.</summary>
internal static class Options
{
    public static IReadOnlyList<Option> All { get; } =
    [
        new("--broker", "HOST:PORT", "the MQTT broker", Required: true),
        new("--repository", "URL", "the file repository, by a name that the nodes can reach too", Required: true),
        new("--tags", "a,b", "train on datasets that carry all these tags", Required: true, OnlyToStart: true),
        new("--nodes", "n1,n2", "only on these nodes (default: all that hold such data)"),
        new("--plan", "FILE.py", "the training plan, a Python module; it is sent as it is", Required: true, OnlyToStart: true),
        new("--class", "NAME", "the plan's class in that module", Required: true, OnlyToStart: true),
        new("--initial", "FILE.mpk", "the parameters to start from: aggregated parameters or a map of tensors", Required: true, OnlyToStart: true),
        new("--rounds", "N", "how many training rounds", Required: true),
        new("--training-args", "FILE.json", "training arguments under Fed-BioMed's names, e.g. {\"epochs\": 1, \"loader_args\": {\"batch_size\": 16}}", Required: true, OnlyToStart: true),
        new("--model-args", "FILE.json", "arguments of the model, a JSON object (default: none)"),
        new("--aggregator", "NAME", "fedavg (default) or scaffold (PyTorch plans, training arguments with num_updates)"),
        new("--server-lr", "X", "learning rate of scaffold's server (default: 1)"),
        new("--deadline", "SECONDS", "how long a round waits for replies (default: 24 h)"),
        new("--min-replies", "N", "how many nodes must succeed; the others get 10 s more (default: all must)"),
        new("--validate-last", null, "after the last round, one that only validates the final parameters (on all data if test_ratio is 0)"),
        new("--work", "DIR", "where the job keeps its journal and the parameters of each round (default: nowhere)"),
        new("--resume", "DIR", "go on with the job of an earlier --work DIR, in mid-round if need be, a checkpoint or a Fed-BioMed breakpoint"),
        new("--out", "FILE.mpk", "where the final aggregated parameters go", Required: true),
        new("--json", null, "standard output is one JSON object a line: search, metric, round, end"),
        new("--help", null, "this page"),
    ];

    /// <summary>Finds an option by its name.</summary>
    /// <exception cref="UsageException">There is none; the message names the nearest.</exception>
    public static Option Find(string name) => All.FirstOrDefault(o => o.Name == name) ?? throw Unknown(name);

    public static UsageException Unknown(string word)
    {
        if (!word.StartsWith('-'))
        {
            return new UsageException($"'{word}' belongs to no option");
        }

        Option nearest = All.MinBy(o => Spelling.Distance(o.Name, word))!;
        string hint = Spelling.Distance(nearest.Name, word) <= Math.Max(2, nearest.Name.Length / 2) ? $"; did you mean {nearest.Name}?" : string.Empty;
        return new UsageException($"'{word}' is no option of FedBioMed{hint}");
    }
}

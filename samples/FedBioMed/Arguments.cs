namespace FedBioMed;

/// <summary>What the command line asks for, each value checked for itself.</summary>
internal sealed record Arguments
{
    public required string BrokerHost { get; init; }

    public required int BrokerPort { get; init; }

    public required Uri Repository { get; init; }

    /// <summary>Like the other options that say what is trained: <see langword="null"/> only with <see cref="ResumeDirectory"/>.</summary>
    public required IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The nodes to train on; <see langword="null"/> for all that hold data.</summary>
    public required IReadOnlyList<string>? Nodes { get; init; }

    public required string? PlanFile { get; init; }

    public required string? ClassName { get; init; }

    public required string? InitialFile { get; init; }

    public required int Rounds { get; init; }

    public required string? TrainingArgsFile { get; init; }

    public required string? ModelArgsFile { get; init; }

    public required TimeSpan? Deadline { get; init; }

    public required int? MinimumReplies { get; init; }

    public required bool ValidateLast { get; init; }

    public required string? WorkDirectory { get; init; }

    /// <summary>Where the job to go on with lies; <see langword="null"/> to start one.</summary>
    public required string? ResumeDirectory { get; init; }

    public required RuleChoice Rule { get; init; }

    public required string OutFile { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">Something in it is wrong; the message names option, value and what is allowed.</exception>
    public static Arguments Parse(IReadOnlyList<string> words)
    {
        CommandLine line = CommandLine.Parse(words);
        (string host, int port) = line.Take("--broker", Values.HostAndPort)!;
        var arguments = new Arguments
        {
            BrokerHost = host,
            BrokerPort = port,
            Repository = line.Take("--repository", Values.Url)!,
            Tags = line.Take("--tags", Values.List),
            Nodes = line.Take("--nodes", Values.NodeIds),
            PlanFile = line.Take("--plan", Values.Text),
            ClassName = line.Take("--class", Values.PythonName),
            InitialFile = line.Take("--initial", Values.Text),
            Rounds = line.Take("--rounds", Values.Count),
            TrainingArgsFile = line.Take("--training-args", Values.Text),
            ModelArgsFile = line.Take("--model-args", Values.Text),
            Deadline = line.Has("--deadline") ? line.Take("--deadline", Values.Seconds) : null,
            MinimumReplies = line.Has("--min-replies") ? line.Take("--min-replies", Values.Count) : null,
            ValidateLast = line.Has("--validate-last"),
            WorkDirectory = line.Take("--work", Values.Text),
            Rule = RuleChoice.Take(line),
            ResumeDirectory = line.Take("--resume", Values.Text),
            OutFile = line.Take("--out", Values.Text)!,
        };
        return arguments is { Nodes.Count: var nodes, MinimumReplies: { } replies } && replies > nodes
            ? throw new UsageException($"--min-replies is {replies}, but --nodes names only {nodes}: lower the one or name more nodes")
            : arguments;
    }
}

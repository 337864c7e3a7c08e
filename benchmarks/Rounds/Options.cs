using System.Globalization;

namespace FedJob.Benchmarks.Rounds;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Usage = """
        Rounds: what a round costs beside the nodes' training. Instant nodes in another process answer at once with a file uploaded before.
          --nodes N               instant nodes (default 2)
          --connections C         FedJob nodes that share C connections to the broker, at most 1,000 on each; default: a Fed-BioMed node on each of its own
          --size BYTES            the model: float32 torch tensors of this many bytes in all (default 4000)
          --rounds R              measured rounds, after 3 that warm up (default 50)
          --broker WHERE          embedded, mosquitto, or HOST:PORT of a running one (default embedded)
          --repository WHERE      embedded, or the URL of a running one (default embedded)
          --tags A,B              use the nodes with these tags that are there already, instead of starting some; needs --initial
          --initial FILE          the parameters to start from, an aggregated-parameters file; default: zeros of --size
          --json                  one JSON object instead of a table
        """;

    public int Nodes { get; private set; } = 2;

    /// <summary>How many connections the nodes share; null for one each.</summary>
    public int? Connections { get; private set; }

    public long Size { get; private set; } = 4000;

    public int Rounds { get; private set; } = 50;

    public string Broker { get; private set; } = "embedded";

    public string Repository { get; private set; } = "embedded";

    public IReadOnlyList<string>? Tags { get; private set; }

    public string? Initial { get; private set; }

    public bool Json { get; private set; }

    public bool Help { get; private set; }

    /// <summary>Whether this process is the one of the nodes.</summary>
    public bool AsNodes { get; private set; }

    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options();
        for (int i = 0; i < args.Count; i++)
        {
            string Next() => i + 1 < args.Count ? args[++i] : throw new ArgumentException($"{args[i]} needs a value");
            switch (args[i])
            {
                case "--nodes": options.Nodes = (int)Number(args[i], Next(), 1, 100_000); break;
                case "--connections": options.Connections = (int)Number(args[i], Next(), 1, 100_000); break;
                case "--size": options.Size = Number(args[i], Next(), 4, 1L << 40); break;
                case "--rounds": options.Rounds = (int)Number(args[i], Next(), 1, 1_000_000); break;
                case "--broker": options.Broker = Next(); break;
                case "--repository": options.Repository = Next(); break;
                case "--tags": options.Tags = Next().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries); break;
                case "--initial": options.Initial = Next(); break;
                case "--json": options.Json = true; break;
                case "--as-nodes": options.AsNodes = true; break;
                case "--help" or "-h": options.Help = true; break;
                default: throw new ArgumentException($"unknown option {args[i]}");
            }
        }

        if (options.Connections * 1000 < options.Nodes)
        {
            throw new ArgumentException($"--connections is {options.Connections}; {options.Nodes} nodes need at least {(options.Nodes + 999) / 1000}");
        }

        return options.Tags is not null && options.Initial is null
            ? throw new ArgumentException("--tags uses nodes of your own, so their model's parameters are needed: give --initial")
            : options;
    }

    private static long Number(string option, string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most
            ? value
            : throw new ArgumentException($"{option} is '{text}'; allowed: {least} to {most}");
}

using FedJob.Node.Datasets;

namespace NodeHost;

/// <summary>What the command line asks for.</summary>
internal sealed class Arguments
{
    public const string Usage = """
        A FedJob node: holds data and trains on it what its owner approved.

          NodeHost --id ID --data FILE.csv --tags TAG,TAG [options]   runs the node until Ctrl-C
          NodeHost datasets list                                      what the node has registered
          NodeHost plans list                                         the training plans the node has seen
          NodeHost plans approve HASH | plans reject HASH             decides on one, also while the node runs

          --broker HOST:PORT   the MQTT broker (default 127.0.0.1:1883)
          --repository URL     the file repository (default http://127.0.0.1:8844/)
          --id ID              the node's id: A-Z a-z 0-9 _ . - (default: made once and kept in the state directory)
          --data FILE.csv      a CSV file with a header line; may be repeated
          --tags TAG,TAG       the tags of the file named before; researchers search by them
          --state DIR          where the node keeps ids, approvals and states (default: node-state, or node-state-ID)
          --no-approval        runs plans without asking; for trials on data that anybody may see
        """;

    public Command Command { get; private set; } = Command.Run;

    public string BrokerHost { get; private set; } = "127.0.0.1";

    public int BrokerPort { get; private set; } = 1883;

    public Uri Repository { get; private set; } = new("http://127.0.0.1:8844/");

    public string? NodeId { get; private set; }

    public List<CsvDatasetOptions> Datasets { get; } = [];

    public bool RequireApproval { get; private set; } = true;

    /// <summary>The plan that is decided on.</summary>
    public string PlanHash { get; private set; } = string.Empty;

    public string StateDirectory => _state ?? (NodeId is null ? "node-state" : $"node-state-{NodeId}");

    private string? _state;

    public static Arguments Parse(IReadOnlyList<string> words)
    {
        var arguments = new Arguments();
        var queue = new Queue<string>(words);
        while (queue.TryDequeue(out string? word))
        {
            arguments.Take(word, queue);
        }

        CsvDatasetOptions? untagged = arguments.Datasets.FirstOrDefault(d => d.Tags.Count == 0);
        return untagged is null ? arguments : throw new UsageException($"--data {untagged.Path} has no --tags; without a tag no researcher finds it");
    }

    private void Take(string word, Queue<string> rest)
    {
        switch (word)
        {
            case "--help" or "-h":
                Command = Command.Help;
                break;
            case "datasets":
                Expect(word, Next(word, rest), "list");
                Command = Command.ListDatasets;
                break;
            case "plans":
                TakePlans(Next(word, rest), rest);
                break;
            case "--broker":
                (BrokerHost, BrokerPort) = HostAndPort(Next(word, rest));
                break;
            case "--repository":
                Repository = Url(Next(word, rest));
                break;
            case "--id":
                NodeId = Next(word, rest);
                break;
            case "--data":
                Datasets.Add(new CsvDatasetOptions { Path = Next(word, rest) });
                break;
            case "--tags":
                TakeTags(Next(word, rest));
                break;
            case "--state":
                _state = Next(word, rest);
                break;
            case "--no-approval":
                RequireApproval = false;
                break;
            default:
                throw new UsageException($"'{word}' is no option of NodeHost");
        }
    }

    private void TakePlans(string action, Queue<string> rest)
    {
        Expect("plans", action, "list", "approve", "reject");
        Command = action switch { "list" => Command.ListPlans, "approve" => Command.ApprovePlan, _ => Command.RejectPlan };
        if (Command != Command.ListPlans)
        {
            string hash = Next($"plans {action}", rest);
            PlanHash = hash.Length == 64 && hash.All(char.IsAsciiHexDigit)
                ? hash
                : throw new UsageException($"plans {action} is '{hash}'; expected the 64 hexadecimal digits that plans list shows");
        }
    }

    private void TakeTags(string tags)
    {
        if (Datasets.Count == 0)
        {
            throw new UsageException("--tags comes after the --data FILE it belongs to");
        }

        foreach (string tag in tags.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Datasets[^1].Tags.Add(tag);
        }
    }

    private static string Next(string word, Queue<string> rest) =>
        rest.TryDequeue(out string? value) && value.Length > 0 ? value : throw new UsageException($"{word} needs a value");

    private static void Expect(string word, string got, params string[] allowed)
    {
        if (!allowed.Contains(got))
        {
            throw new UsageException($"'{word} {got}' is no command; there is: {string.Join(", ", allowed.Select(a => $"{word} {a}"))}");
        }
    }

    private static (string Host, int Port) HostAndPort(string text) =>
        Uri.TryCreate($"mqtt://{text}", UriKind.Absolute, out Uri? address) && address.Port is > 0 and < 65536 && address.PathAndQuery is "" or "/"
            ? (address.DnsSafeHost, address.Port)
            : throw new UsageException($"--broker is '{text}'; expected HOST:PORT, e.g. broker.example:1883");

    private static Uri Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new UsageException($"--repository is '{text}'; expected a URL, e.g. http://repository.example:8844/");
}

using System.Globalization;
using FedJob;
using FedJob.Abstractions;
using FedJob.Rounds;

namespace QuickStart;

/// <summary>What the command line says.</summary>
internal sealed record Options
{
    public const string Usage = """
        QuickStart: three islands of penguins train one model together.

          --rounds N          rounds to run, 1 to 1000 (default 20)
          --picture FILE      where the PNG with the curves goes (default quickstart.png)
          --tags A,B          what the researcher searches for (default penguins)
          --plan FILE         the compiled training plan (default the sample's PenguinPlan.dll)
          --plan-type NAME    its full type name (default Penguins.PenguinPlan)
          --deadline SECONDS  how long a round waits for replies (default 30)
          --min-replies N     how many replies a round needs (default all)
          --broker HOST:PORT --repository URL
                              use the nodes of a running federation instead of starting one (see samples/LocalServer, samples/NodeHost)
        """;

    public int Rounds { get; private set; } = 20;

    public string Picture { get; private set; } = "quickstart.png";

    public IReadOnlyList<string> Tags { get; private set; } = ["penguins"];

    public string PlanAssembly { get; private set; } = Path.Combine(AppContext.BaseDirectory, "plan", "PenguinPlan.dll");

    public string PlanType { get; private set; } = "Penguins.PenguinPlan";

    public RoundPolicy Policy { get; private set; } = new() { Deadline = TimeSpan.FromSeconds(30) };

    /// <summary>The federation to use; <see langword="null"/> to start one.</summary>
    public FedJobClientOptions? Federation { get; private set; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FedJobException">It holds something else than the usage says.</exception>
    public static Options Parse(string[] args)
    {
        var options = new Options();
        string? broker = null, repository = null;
        for (int i = 0; i < args.Length; i += 2)
        {
            string name = args[i];
            string value = i + 1 < args.Length ? args[i + 1] : throw Wrong($"{name} needs a value");
            switch (name)
            {
                case "--rounds": options.Rounds = Number(name, value, 1, 1000); break;
                case "--picture": options.Picture = InExistingDirectory(name, value); break;
                case "--tags": options.Tags = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries); break;
                case "--plan": options.PlanAssembly = value; break;
                case "--plan-type": options.PlanType = value; break;
                case "--deadline": options.Policy = options.Policy with { Deadline = TimeSpan.FromSeconds(Number(name, value, 1, 86_400)) }; break;
                case "--min-replies": options.Policy = options.Policy with { MinimumReplies = Quorum.Count(Number(name, value, 1, 100_000)) }; break;
                case "--broker": broker = value; break;
                case "--repository": repository = value; break;
                default: throw Wrong($"there is no option '{name}'; --help lists them");
            }
        }

        if ((broker is null) != (repository is null))
        {
            throw Wrong("--broker and --repository go together: give both to use a running federation, none to start one");
        }

        if (broker is not null)
        {
            options.Federation = ReadFederation(broker, repository!);
        }

        return options;
    }

    private static FedJobClientOptions ReadFederation(string broker, string repository)
    {
        int colon = broker.LastIndexOf(':');
        if (colon < 1 || !Uri.TryCreate(repository, UriKind.Absolute, out Uri? address))
        {
            throw Wrong($"--broker '{broker}' must be HOST:PORT and --repository '{repository}' an absolute URL");
        }

        var federation = new FedJobClientOptions();
        federation.Broker.Host = broker[..colon];
        federation.Broker.Port = Number("--broker", broker[(colon + 1)..], 1, 65_535);
        federation.Repository.Address = address;
        return federation;
    }

    /// <summary>Checked before the training, so that no run is lost for a mistyped path.</summary>
    private static string InExistingDirectory(string name, string value) =>
        Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(value)))
            ? value
            : throw Wrong($"{name} is '{value}', but that directory does not exist");

    private static int Number(string name, string value, int minimum, int maximum) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong($"{name} is '{value}'; allowed: a whole number from {minimum} to {maximum}");

    private static FedJobException Wrong(string what) => new(FedJobErrorCode.OptionsInvalid, what + ".");
}

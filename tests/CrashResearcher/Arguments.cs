using System.Globalization;

namespace CrashResearcher;

/// <summary>What the command line says: pairs of a name and a value, and flags.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(IReadOnlyList<string> words)
    {
        for (int i = 0; i < words.Count; i++)
        {
            string name = words[i];
            bool isFlag = i + 1 == words.Count || words[i + 1].StartsWith("--", StringComparison.Ordinal);
            _values[name] = isFlag ? string.Empty : words[++i];
        }
    }

    public string Directory => Text("--directory");

    public string Checkpoints => Text("--checkpoints");

    public string Tag => Text("--tag");

    /// <summary>A Python plan with one value <c>mean</c> for emulated Fed-BioMed nodes; without it the .NET plan is trained.</summary>
    public string? Module => _values.GetValueOrDefault("--module");

    /// <summary>How many single-precision values the module's model has, all zero; without it one double.</summary>
    public int? Values => Number("--values");

    /// <summary>Whether to watch the process's memory and say its peaks.</summary>
    public bool WatchMemory => _values.ContainsKey("--memory");

    public int Port => Number("--broker-port")!.Value;

    public Uri Repository => new(Text("--repository"));

    public int Rounds => Number("--rounds") ?? 3;

    public TimeSpan Deadline => TimeSpan.FromSeconds(Number("--deadline-seconds") ?? 60);

    public int? CrashAt => Number("--crash-at");

    /// <summary>The one event id that counts; all without it.</summary>
    public int? Event => Number("--event");

    public bool List => _values.ContainsKey("--list");

    private string Text(string name) => _values.GetValueOrDefault(name) ?? throw new ArgumentException($"{name} is missing.");

    private int? Number(string name) => _values.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}

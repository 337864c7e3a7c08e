namespace FedBioMed;

/// <summary>The words of a command line, sorted by option; none unknown, twice or without its value, and none missing.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private CommandLine()
    {
    }

    /// <summary>Sorts the words. Both <c>--option value</c> and <c>--option=value</c> are read.</summary>
    /// <exception cref="UsageException">An option is unknown, twice, without value or missing.</exception>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var line = new CommandLine();
        var rest = new Queue<string>(words);
        while (rest.TryDequeue(out string? word))
        {
            line.Add(word, rest);
        }

        string[] missing = [.. Options.All.Where(o => o.Required && !line.Has(o.Name) && !(o.OnlyToStart && line.Has("--resume"))).Select(o => $"{o.Name} {o.Value}")];
        return missing.Length == 0 ? line : throw new UsageException($"missing: {string.Join(", ", missing)}");
    }

    public bool Has(string option) => _values.ContainsKey(option);

    /// <summary>The value of an option, read by <paramref name="read"/> from name and text; the default without one.</summary>
    public T? Take<T>(string option, Func<string, string, T> read) => _values.TryGetValue(option, out string? text) ? read(option, text) : default;

    private void Add(string word, Queue<string> rest)
    {
        int equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        Option option = Options.Find(equals < 0 ? word : word[..equals]);
        string value = string.Empty;
        if (option.Value is null)
        {
            if (equals >= 0)
            {
                throw new UsageException($"{option.Name} takes no value, but '{word}' gives it one");
            }
        }
        else if (equals >= 0)
        {
            value = word[(equals + 1)..];
        }
        else if (rest.TryPeek(out string? next) && !next.StartsWith("--", StringComparison.Ordinal))
        {
            value = rest.Dequeue();
        }

        if (option.Value is not null && value.Length == 0)
        {
            throw new UsageException($"{option.Name} needs a value: {option.Name} {option.Value}");
        }

        if (!_values.TryAdd(option.Name, value))
        {
            throw new UsageException($"{option.Name} stands twice");
        }
    }
}

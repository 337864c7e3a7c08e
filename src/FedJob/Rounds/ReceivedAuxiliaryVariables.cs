using FedJob.Protocol.Parameters;

namespace FedJob.Rounds;

/// <summary>
/// What the modules of the nodes' optimizers told the researcher in one round: module -> node -> values, e.g. declearn's <see cref="ParameterVector"/>s of
/// Fed-BioMed nodes. Views of a file until it is disposed.
/// </summary>
public sealed class ReceivedAuxiliaryVariables : IDisposable
{
    private readonly ParameterFile? _file;

    private ReceivedAuxiliaryVariables(ParameterFile? file, IReadOnlyDictionary<string, IReadOnlyDictionary<string, ParameterValue>> modules) =>
        (_file, Modules) = (file, modules);

    /// <summary>The values of each node that told any, by module and node id.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, ParameterValue>> Modules { get; }

    /// <summary>Releases the file.</summary>
    public void Dispose() => _file?.Dispose();

    internal static ReceivedAuxiliaryVariables Open(string? path)
    {
        if (path is null)
        {
            return new(null, new Dictionary<string, IReadOnlyDictionary<string, ParameterValue>>(StringComparer.Ordinal));
        }

        ParameterFile file = ParameterFileReader.Open(path);
        try
        {
            var modules = new SortedDictionary<string, IReadOnlyDictionary<string, ParameterValue>>(StringComparer.Ordinal);
            foreach ((string module, ParameterMap nodes) in EntriesOf<ParameterMap>(path, file.Value))
            {
                modules.Add(module, new SortedDictionary<string, ParameterValue>(
                    EntriesOf<ParameterValue>(path, nodes).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal), StringComparer.Ordinal));
            }

            return new(file, modules);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal static Task<WrittenFile> WriteAsync(
        string path, IEnumerable<KeyValuePair<string, ParameterMap>> variablesOfNodes, CancellationToken cancellationToken)
    {
        var modules = new SortedDictionary<string, List<KeyValuePair<string, ParameterValue>>>(StringComparer.Ordinal);
        foreach ((string nodeId, ParameterMap variables) in variablesOfNodes)
        {
            foreach ((ParameterValue module, ParameterValue values) in variables.Entries)
            {
                string name = ((ParameterText)module).Value;
                if (!modules.TryGetValue(name, out List<KeyValuePair<string, ParameterValue>>? nodes))
                {
                    modules[name] = nodes = [];
                }

                nodes.Add(KeyValuePair.Create(nodeId, values));
            }
        }

        return ParameterFileWriter.WriteAsync(
            path, ParameterMap.Create(modules.Select(m => KeyValuePair.Create<string, ParameterValue>(m.Key, ParameterMap.Create(m.Value)))), cancellationToken);
    }

    private static IEnumerable<KeyValuePair<string, T>> EntriesOf<T>(string path, ParameterValue value)
        where T : ParameterValue =>
        ((value as ParameterMap) ?? throw Malformed(path)).Entries.Select(e => e is { Key: ParameterText name, Value: T of }
            ? KeyValuePair.Create(name.Value, of)
            : throw Malformed(path));

    private static ParameterFormatException Malformed(string path) =>
        new($"'{path}' holds no auxiliary variables: expected a map module -> node -> values.");
}

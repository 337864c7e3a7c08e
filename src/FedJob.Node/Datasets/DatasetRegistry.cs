using System.Collections.Immutable;
using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Node.State;

namespace FedJob.Node.Datasets;

/// <summary>
/// The datasets of a node. They can be added while it runs; their ids are kept in the state directory under the datasets' names.
/// </summary>
public sealed class DatasetRegistry : IDisposable
{
    private readonly string _file;
    private readonly Dictionary<string, KnownDataset> _known;
    private readonly SemaphoreSlim _adding = new(1, 1);
    private ImmutableArray<RegisteredDataset> _registered = [];

    private DatasetRegistry(string file, IEnumerable<KnownDataset> known)
    {
        _file = file;
        _known = known.ToDictionary(k => k.Name, StringComparer.Ordinal);
    }

    /// <summary>The datasets registered in this run, in the order they were added.</summary>
    public IReadOnlyList<RegisteredDataset> All => _registered;

    /// <summary>What a state directory remembers of datasets, whether or not a node runs there now.</summary>
    /// <param name="stateDirectory">The state directory.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The datasets ever registered there, by name; none where the directory is new.</returns>
    /// <exception cref="FedJobException">The file cannot be read or is damaged (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static Task<IReadOnlyList<KnownDataset>> ReadKnownAsync(string stateDirectory, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(stateDirectory);
        return ReadFileAsync(StateDirectory.DatasetsFileOf(Path.GetFullPath(stateDirectory)), cancellationToken);
    }

    /// <summary>Reads a CSV file and registers it.</summary>
    /// <param name="path">The file: RFC 4180, UTF-8, with a header line.</param>
    /// <param name="name">What the owner calls the data; unique at the node.</param>
    /// <param name="tags">The tags a researcher finds it by.</param>
    /// <param name="description">What the owner says about it.</param>
    /// <param name="cancellationToken">Ends the call; nothing is registered.</param>
    /// <returns>The dataset with its id.</returns>
    /// <exception cref="FedJobException">The file is no CSV, or the registration is refused
    /// (<see cref="FedJobErrorCode.DatasetInvalid"/>).</exception>
    public async Task<RegisteredDataset> AddCsvAsync(
        string path, string name, IEnumerable<string> tags, string description, CancellationToken cancellationToken) =>
        await AddAsync(
            await NodeDataset.FromCsvAsync(
                path, name, tags, description, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Registers a dataset; a search finds it from now on.</summary>
    /// <param name="dataset">The data, its tags and its description.</param>
    /// <param name="cancellationToken">Ends the call; nothing is registered.</param>
    /// <returns>The dataset with its id.</returns>
    /// <exception cref="FedJobException">
    /// Name, tags or description are not allowed, there is no sample, or the name or file is registered already
    /// (<see cref="FedJobErrorCode.DatasetInvalid"/>);
    /// or its id cannot be kept (<see cref="FedJobErrorCode.LocalFileFailed"/>).
    /// </exception>
    public async Task<RegisteredDataset> AddAsync(NodeDataset dataset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        DatasetRules.Check(dataset);
        await _adding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            DatasetRules.CheckNew(dataset, _registered);
            string id = _known.TryGetValue(dataset.Data.Name, out KnownDataset? known) ? known.Id : $"dataset_{Guid.NewGuid():D}";
            var registered = new RegisteredDataset { Id = id, Dataset = dataset with { Tags = [.. dataset.Tags] } };
            await RememberAsync(registered, cancellationToken).ConfigureAwait(false);
            ImmutableInterlocked.Update(ref _registered, list => list.Add(registered));
            return registered;
        }
        finally
        {
            _adding.Release();
        }
    }

    /// <summary>Ends the registry; the node that owns it does that.</summary>
    public void Dispose() => _adding.Dispose();

    /// <summary>Opens the registry of a state directory.</summary>
    internal static async Task<DatasetRegistry> OpenAsync(StateDirectory directory, CancellationToken cancellationToken) =>
        new(directory.DatasetsFile, await ReadFileAsync(directory.DatasetsFile, cancellationToken).ConfigureAwait(false));

    /// <summary>The datasets that carry all the tags; without tags, all.</summary>
    internal IReadOnlyList<RegisteredDataset> Search(IReadOnlyList<string> tags) =>
        [.. _registered.Where(d => tags.All(tag => d.Dataset.Tags.Contains(tag, StringComparer.Ordinal)))];

    /// <summary>The dataset of an id, or null.</summary>
    internal RegisteredDataset? Find(string datasetId) =>
        _registered.FirstOrDefault(d => string.Equals(d.Id, datasetId, StringComparison.Ordinal));

    private static async Task<IReadOnlyList<KnownDataset>> ReadFileAsync(string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        try
        {
            byte[] json = await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize(json, DatasetJson.Default.ListKnownDataset) ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw AtomicFile.Failed(file, e);
        }
    }

    private async Task RememberAsync(RegisteredDataset registered, CancellationToken cancellationToken)
    {
        Protocol.Messages.DatasetEntry entry = registered.ToListEntry();
        var known = new KnownDataset
        {
            Id = registered.Id,
            Name = entry.Name,
            DataType = entry.DataType,
            Tags = entry.Tags,
            Description = entry.Description,
            Shape = entry.Shape!,
            SourcePath = registered.Dataset.SourcePath,
        };
        List<KnownDataset> all =
            [.. _known.Values.Where(k => k.Name != known.Name).Append(known).OrderBy(k => k.Name, StringComparer.Ordinal)];
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(all, DatasetJson.Default.ListKnownDataset);
        await AtomicFile.WriteAsync(_file, json, replace: true, durable: true, cancellationToken).ConfigureAwait(false);
        _known[known.Name] = known;
    }
}

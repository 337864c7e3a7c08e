using System.Globalization;

namespace FedJob.Node.State;

/// <summary>
/// A folder of files named <c>NUMBER-KEY.ending</c>, of which the newest few are kept. The number, not a clock, says which is newer.
/// Not for use by several threads at a time.
/// </summary>
internal sealed class NumberedFiles
{
    private readonly string _folder;
    private readonly string _ending;
    private readonly int _capacity;
    private readonly SortedDictionary<long, string> _keys = [];
    private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);

    /// <summary>Reads what is in a folder.</summary>
    /// <param name="folder">The folder; made if it is missing.</param>
    /// <param name="ending">The ending of the files, with its point.</param>
    /// <param name="capacity">How many files are kept; at least 1.</param>
    public NumberedFiles(string folder, string ending, int capacity)
    {
        (_folder, _ending, _capacity) = (folder, ending, capacity);
        Directory.CreateDirectory(folder);
        foreach (string path in Directory.EnumerateFiles(folder, "*" + ending))
        {
            string[] parts = Path.GetFileNameWithoutExtension(path).Split('-', 2);
            if (parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                Note(number, parts[1]);
            }
        }
    }

    /// <summary>The file of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The path, or null where there is none.</returns>
    public string? Find(string key) => _numbers.TryGetValue(key, out long number) ? PathOf(number, key) : null;

    /// <summary>Where the next file of a key goes; tell <see cref="Added"/> once it is there.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The number and the path.</returns>
    public (long Number, string Path) Next(string key)
    {
        long number = _keys.Count == 0 ? 1 : _keys.Keys.Last() + 1;
        return (number, PathOf(number, key));
    }

    /// <summary>Takes a new file into account and deletes the oldest beyond the capacity.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="key">Its key.</param>
    public void Added(long number, string key)
    {
        Note(number, key);
        while (_keys.Count > _capacity)
        {
            (long oldest, string oldKey) = _keys.First();
            Forget(oldest, oldKey);
        }
    }

    /// <summary>Deletes the file of a key, if there is one.</summary>
    /// <param name="key">The key.</param>
    public void Remove(string key)
    {
        if (_numbers.TryGetValue(key, out long number))
        {
            Forget(number, key);
        }
    }

    private string PathOf(long number, string key) =>
        Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{number:D10}-{key}{_ending}"));

    private void Note(long number, string key)
    {
        if (_numbers.TryGetValue(key, out long other))
        {
            // The older of two files of one key is what a crash between writing and deleting left.
            Forget(Math.Min(number, other), key);
            if (other > number)
            {
                return;
            }
        }

        _keys[number] = key;
        _numbers[key] = number;
    }

    private void Forget(long number, string key)
    {
        AtomicFile.Delete(PathOf(number, key));
        _keys.Remove(number);
        if (_numbers.TryGetValue(key, out long current) && current == number)
        {
            _numbers.Remove(key);
        }
    }
}

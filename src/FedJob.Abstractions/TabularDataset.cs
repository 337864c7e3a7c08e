namespace FedJob.Abstractions;

/// <summary>Rows and named columns held in memory; a sample is a row.</summary>
public sealed class TabularDataset : LocalDataset
{
    private readonly Dictionary<string, DatasetColumn> _byName;

    /// <summary>Makes a table of columns.</summary>
    /// <param name="name">What the node's owner calls the data.</param>
    /// <param name="columns">The columns in order, all of the same number of rows.</param>
    /// <exception cref="ArgumentException">There is no column, two have one name, or their row counts differ.</exception>
    public TabularDataset(string name, IReadOnlyList<DatasetColumn> columns)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0)
        {
            throw new ArgumentException($"Dataset '{name}' has no column.", nameof(columns));
        }

        Name = name;
        Columns = [.. columns];
        SampleCount = Columns[0].Count;
        _byName = new Dictionary<string, DatasetColumn>(StringComparer.Ordinal);
        foreach (DatasetColumn column in Columns)
        {
            if (column.Count != SampleCount)
            {
                throw new ArgumentException(
                    $"Dataset '{name}': column '{column.Name}' has {column.Count} rows, '{Columns[0].Name}' has {SampleCount}.",
                    nameof(columns));
            }

            if (!_byName.TryAdd(column.Name, column))
            {
                throw new ArgumentException($"Dataset '{name}' has two columns named '{column.Name}'.", nameof(columns));
            }
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int SampleCount { get; }

    /// <summary>The columns in order.</summary>
    public IReadOnlyList<DatasetColumn> Columns { get; }

    /// <summary>A column by name.</summary>
    /// <param name="name">The column's name, case-sensitive.</param>
    /// <returns>The column.</returns>
    /// <exception cref="KeyNotFoundException">There is no such column; the message lists those there are.</exception>
    public DatasetColumn this[string name] => _byName.TryGetValue(name, out DatasetColumn? column)
        ? column
        : throw new KeyNotFoundException(
            $"Dataset '{Name}' has no column '{name}'; it has: {string.Join(", ", Columns.Select(c => c.Name))}.");

    /// <summary>Copies some of the rows into a table of their own.</summary>
    /// <param name="name">The new table's name.</param>
    /// <param name="rows">The rows to copy, in the order they should have.</param>
    /// <returns>The new table.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public TabularDataset Select(string name, IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)SampleCount)
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"Dataset '{Name}' has the rows 0 to {SampleCount - 1}.");
            }
        }

        return new TabularDataset(name, [.. Columns.Select(column => column.Select(rows))]);
    }
}

using System.Globalization;

namespace FedJob.Abstractions;

/// <summary>One column of a <see cref="TabularDataset"/>: numbers or texts, one value a row.</summary>
public sealed class DatasetColumn
{
    private readonly double[]? _numbers;
    private readonly string[]? _texts;

    private DatasetColumn(string name, double[]? numbers, string[]? texts) => (Name, _numbers, _texts) = (name, numbers, texts);

    /// <summary>The column's name.</summary>
    public string Name { get; }

    /// <summary>Whether the values are numbers.</summary>
    public bool IsNumeric => _numbers is not null;

    /// <summary>The number of rows.</summary>
    public int Count => _numbers?.Length ?? _texts!.Length;

    /// <summary>The values of a numeric column; a missing value is NaN.</summary>
    /// <exception cref="InvalidOperationException">The column holds texts.</exception>
    public ReadOnlySpan<double> Numbers => _numbers
        ?? throw new InvalidOperationException($"Column '{Name}' holds texts, such as '{_texts!.FirstOrDefault()}', not numbers.");

    /// <summary>Makes a numeric column over an array, without copying it.</summary>
    /// <param name="name">The column's name.</param>
    /// <param name="numbers">One value a row, NaN where it is missing.</param>
    /// <returns>The column.</returns>
    public static DatasetColumn FromNumbers(string name, double[] numbers)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(numbers);
        return new DatasetColumn(name, numbers, null);
    }

    /// <summary>Makes a text column over an array, without copying it.</summary>
    /// <param name="name">The column's name.</param>
    /// <param name="texts">One value a row, empty where it is missing.</param>
    /// <returns>The column.</returns>
    public static DatasetColumn FromTexts(string name, string[] texts)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(texts);
        return new DatasetColumn(name, null, texts);
    }

    /// <summary>The text of one value; a number is formatted invariantly.</summary>
    /// <param name="row">The row, counted from 0.</param>
    /// <returns>The text.</returns>
    public string GetText(int row) => _texts is not null ? _texts[row] : _numbers![row].ToString(CultureInfo.InvariantCulture);

    internal DatasetColumn Select(IReadOnlyList<int> rows) => new(
        Name,
        _numbers is null ? null : [.. rows.Select(row => _numbers[row])],
        _texts is null ? null : [.. rows.Select(row => _texts[row])]);
}

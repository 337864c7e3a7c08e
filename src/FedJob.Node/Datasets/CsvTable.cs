using System.Buffers;
using System.Globalization;
using System.Text;
using FedJob.Abstractions;

namespace FedJob.Node.Datasets;

/// <summary>
/// Reads a CSV file into a table, in two passes so that no more than the table is in memory: the first counts rows and finds the numeric
/// columns, the second
/// fills them. In a numeric column an empty field, NA, N/A, NaN, nan or null is missing (NaN); in a text column only an empty field is.
/// </summary>
internal static class CsvTable
{
    private static readonly SearchValues<string> MissingNumbers =
        SearchValues.Create(["", "NA", "N/A", "NaN", "nan", "null"], StringComparison.Ordinal);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file: UTF-8, with a header line.</param>
    /// <param name="name">The name of the table.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The table.</returns>
    /// <exception cref="FedJobException">The file cannot be read or is no CSV (<see cref="FedJobErrorCode.DatasetInvalid"/>); the message
    /// names file and line.</exception>
    public static async Task<TabularDataset> ReadAsync(string path, string name, CancellationToken cancellationToken)
    {
        try
        {
            var survey = new Survey();
            await ReadRecordsAsync(path, survey.Take, cancellationToken).ConfigureAwait(false);
            var filling = new Filling(survey.Complete());
            await ReadRecordsAsync(path, filling.Take, cancellationToken).ConfigureAwait(false);
            return new TabularDataset(name, filling.Complete());
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw DatasetRules.Invalid($"The CSV file '{path}' could not be read as dataset '{name}': {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static async Task ReadRecordsAsync(
        string path, Action<IReadOnlyList<string>, long> onRecord, CancellationToken cancellationToken)
    {
        var parser = new CsvParser(onRecord);
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        using var reader = new StreamReader(path, encoding, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);
        char[] buffer = new char[1 << 15];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            parser.Feed(buffer.AsSpan(0, count));
        }

        parser.End();
    }

    private static bool IsMissing(string field) => MissingNumbers.Contains(field);

    private static bool TryNumber(string field, out double number) =>
        double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    /// <summary>What the first pass learns.</summary>
    private sealed class Survey
    {
        public string[] Names { get; private set; } = [];

        public bool[] Numeric { get; private set; } = [];

        public int RowCount { get; private set; }

        public void Take(IReadOnlyList<string> fields, long line)
        {
            if (Names.Length == 0)
            {
                TakeHeader(fields, line);
                return;
            }

            if (fields.Count != Names.Length)
            {
                throw new FormatException($"line {line} has {fields.Count} fields, but the header has {Names.Length}");
            }

            RowCount = checked(RowCount + 1);
            for (int column = 0; column < Numeric.Length; column++)
            {
                Numeric[column] = Numeric[column] && (IsMissing(fields[column]) || TryNumber(fields[column], out _));
            }
        }

        public Survey Complete() => RowCount > 0
            ? this
            : throw new FormatException(
                Names.Length == 0 ? "it is empty; a header line and at least one row are expected" : "it has a header but no row");

        private void TakeHeader(IReadOnlyList<string> fields, long line)
        {
            Names = [.. fields];
            for (int column = 0; column < Names.Length; column++)
            {
                if (string.IsNullOrWhiteSpace(Names[column]))
                {
                    throw new FormatException($"line {line}: column {column + 1} has no name in the header");
                }

                if (Array.IndexOf(Names, Names[column]) != column)
                {
                    throw new FormatException($"line {line}: the header has the column '{Names[column]}' twice");
                }
            }

            Numeric = new bool[Names.Length];
            Numeric.AsSpan().Fill(true);
        }
    }

    /// <summary>What the second pass fills.</summary>
    private sealed class Filling(Survey survey)
    {
        private readonly double[]?[] _numbers = [.. survey.Numeric.Select(numeric => numeric ? new double[survey.RowCount] : null)];
        private readonly string[]?[] _texts = [.. survey.Numeric.Select(numeric => numeric ? null : new string[survey.RowCount])];
        private int _row = -1;

        public void Take(IReadOnlyList<string> fields, long line)
        {
            if (_row >= 0)
            {
                if (_row >= survey.RowCount || fields.Count != survey.Names.Length)
                {
                    throw Changed();
                }

                for (int column = 0; column < fields.Count; column++)
                {
                    Set(column, fields[column]);
                }
            }

            _row++;
        }

        public IReadOnlyList<DatasetColumn> Complete() => _row != survey.RowCount ? throw Changed() :
        [
            .. survey.Names.Select((name, column) => _numbers[column] is { } numbers
                ? DatasetColumn.FromNumbers(name, numbers)
                : DatasetColumn.FromTexts(name, _texts[column]!)),
        ];

        private static FormatException Changed() => new("it changed while it was read");

        private void Set(int column, string field)
        {
            if (_numbers[column] is not { } numbers)
            {
                _texts[column]![_row] = field;
            }
            else if (IsMissing(field))
            {
                numbers[_row] = double.NaN;
            }
            else
            {
                numbers[_row] = TryNumber(field, out double number) ? number : throw Changed();
            }
        }
    }
}

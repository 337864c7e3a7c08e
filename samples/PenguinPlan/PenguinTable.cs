using System.Collections.Immutable;
using FedJob.Abstractions;

namespace Penguins;

/// <summary>A node's penguins as the model wants them: standardised measurements and the number of the species.</summary>
internal sealed class PenguinTable
{
    private readonly float[] _measurements;
    private readonly int[] _species;

    private PenguinTable(int count) => (_measurements, _species) = (new float[count * Features.Length], new int[count]);

    /// <summary>The classes, in the order of the model's outputs. A node that lacks some of them still trains the same model.</summary>
    public static ImmutableArray<string> Species { get; } = ["Adelie", "Chinstrap", "Gentoo"];

    /// <summary>
    /// The columns the model looks at, with a typical value and spread of adult penguins of this genus (Gorman, Williams, Fraser 2014).
    /// They are fixed: a node that standardised by its own mean would speak of other units than the rest, and would share a statistic of
    /// its data.
    /// </summary>
    public static ImmutableArray<(string Column, double Typical, double Spread)> Features { get; } =
    [
        ("bill_length_mm", 44, 5.5),
        ("bill_depth_mm", 17, 2),
        ("flipper_length_mm", 200, 14),
        ("body_mass_g", 4200, 800),
    ];

    public int Count => _species.Length;

    /// <summary>Reads the samples of a table with a column <c>species</c> and one a feature.</summary>
    public static PenguinTable Read(LocalDataset dataset, IReadOnlyList<int> samples)
    {
        if (dataset is not TabularDataset table || samples.Count == 0)
        {
            throw new ArgumentException($"Dataset '{dataset.Name}' is no table, or none of its samples was chosen.", nameof(dataset));
        }

        var penguins = new PenguinTable(samples.Count);
        for (int f = 0; f < Features.Length; f++)
        {
            (string name, double typical, double spread) = Features[f];
            ReadOnlySpan<double> values = table[name].Numbers;
            for (int row = 0; row < samples.Count; row++)
            {
                double value = values[samples[row]];
                penguins._measurements[(row * Features.Length) + f] = double.IsFinite(value)
                    ? (float)((value - typical) / spread)
                    : throw new InvalidDataException($"Row {samples[row]} of dataset '{dataset.Name}' has no {name}.");
            }
        }

        DatasetColumn species = table["species"];
        for (int row = 0; row < samples.Count; row++)
        {
            // The message reaches the researcher, so it names the place but not the value.
            int index = Species.IndexOf(species.GetText(samples[row]));
            penguins._species[row] = index >= 0
                ? index
                : throw new InvalidDataException(
                    $"The species in row {samples[row]} of dataset '{dataset.Name}' is none of {string.Join(", ", Species)}.");
        }

        return penguins;
    }

    public ReadOnlySpan<float> GetMeasurements(int row) => _measurements.AsSpan(row * Features.Length, Features.Length);

    public int GetSpecies(int row) => _species[row];
}

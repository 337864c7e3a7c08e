using System.Diagnostics.CodeAnalysis;
using FedJob.Abstractions;
using FedJob.Benchmarks.Parameters;

namespace FedJob.Benchmarks.Micro;

/// <summary>A model to measure with: so many float32 tensors of one length.</summary>
/// <param name="Name">As the tables show it.</param>
/// <param name="Bytes">All tensors together.</param>
/// <param name="Elements">The elements of each tensor.</param>
[SuppressMessage("Design", "CA1036", Justification = "BenchmarkDotNet sorts its tables by the interface; no code compares models.")]
public sealed record ModelCase(string Name, long Bytes, int Elements) : IComparable
{
    /// <summary>Whether its setup takes longer than a smoke may.</summary>
    public bool IsLarge => Bytes >= 10_000_000;

    /// <summary>What parameter files are measured with.</summary>
    public static IReadOnlyList<ModelCase> Files { get; } =
    [
        new("4 kB, 1 tensor", 4_000, 1_000),
        new("1 MB, 1 tensor", 1_000_000, 250_000),
        new("1 MB, 250 tensors", 1_000_000, 1_000),
        new("100 MB, 1 tensor", 100_000_000, 25_000_000),
        new("100 MB, 25,000 tensors", 100_000_000, 1_000),
    ];

    /// <summary>What aggregation is measured with.</summary>
    public static IReadOnlyList<ModelCase> Updates { get; } =
    [
        new("1 MB, 250 tensors", 1_000_000, 1_000),
        new("10 MB, 1 tensor", 10_000_000, 2_500_000),
    ];

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The order of the tables: by size, and the same size with fewer tensors first.</summary>
    int IComparable.CompareTo(object? obj) => obj is ModelCase other ? (Bytes, -Elements).CompareTo((other.Bytes, -other.Elements)) : 1;

    internal ModelParameters Make(int seed) => Models.Make(Bytes, seed, Elements);
}

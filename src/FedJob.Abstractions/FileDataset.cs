namespace FedJob.Abstractions;

/// <summary>Data in a file or a folder whose format the plan knows.</summary>
public sealed class FileDataset : LocalDataset
{
    /// <summary>Describes the data.</summary>
    /// <param name="name">What the node's owner calls the data.</param>
    /// <param name="path">The file or folder.</param>
    /// <param name="sampleCount">How many samples it holds, as its owner says; at least 1.</param>
    /// <exception cref="ArgumentException">The name or path is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample.</exception>
    public FileDataset(string name, string path, int sampleCount)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleCount, 1);
        (Name, Path, SampleCount) = (name, path, sampleCount);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int SampleCount { get; }

    /// <summary>The file or folder on the node's disk.</summary>
    public string Path { get; }
}

namespace FedJob.Abstractions;

/// <summary>
/// Data that lies at a node and never leaves it. A plan looks at what kind it is: <see cref="TabularDataset"/> for rows and columns,
/// <see cref="FileDataset"/> for everything else.
/// </summary>
public abstract class LocalDataset
{
    /// <summary>What the node's owner calls the data.</summary>
    public abstract string Name { get; }

    /// <summary>The number of samples.</summary>
    public abstract int SampleCount { get; }
}

namespace FedJob.Node.State;

/// <summary>The folder of one train request: downloads and results on their way. It goes when the request ends, however it ends.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly string _path;

    /// <summary>Makes the folder.</summary>
    /// <param name="path">Where.</param>
    public WorkFolder(string path)
    {
        _path = path;
        Directory.CreateDirectory(path);
    }

    /// <summary>The global parameters as they were downloaded.</summary>
    public string GlobalParameters => Path.Combine(_path, "global.mpk");

    /// <summary>The node's parameters, to be uploaded.</summary>
    public string NodeParameters => Path.Combine(_path, "node.mpk");

    /// <summary>What the plan wants to find again in the next round.</summary>
    public string PlanState => Path.Combine(_path, "plan.state");

    /// <summary>A file of the researcher's rule as it was downloaded.</summary>
    /// <param name="index">Which one, counted from 0.</param>
    /// <returns>The path.</returns>
    public string AggregatorFile(int index) => Path.Combine(_path, $"aggregator{index}.mpk");

    /// <summary>A training plan on its way.</summary>
    public string Plan => Path.Combine(_path, "plan.zip");

    /// <summary>Deletes the folder; what cannot be deleted goes when a node next starts here.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(_path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Cleaning up must not hide the outcome of the request; the next start empties the parent folder.
        }
    }
}

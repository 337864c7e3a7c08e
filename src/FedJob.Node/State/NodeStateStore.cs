using FedJob.Abstractions;

namespace FedJob.Node.State;

/// <summary>
/// What plans saved at the end of their rounds, by job and state id; the last few of each job, and the last jobs, are kept.
/// </summary>
internal sealed class NodeStateStore
{
    private const string Ending = ".state";
    private readonly string _root;
    private readonly int _statesPerJob;
    private readonly int _maximumJobs;

    /// <summary>Opens the store.</summary>
    /// <param name="root">Its folder.</param>
    /// <param name="statesPerJob">How many states of one job are kept; at least 2, as a round that is repeated needs the one
    /// before.</param>
    /// <param name="maximumJobs">How many jobs are kept.</param>
    public NodeStateStore(string root, int statesPerJob, int maximumJobs) =>
        (_root, _statesPerJob, _maximumJobs) = (root, statesPerJob, maximumJobs);

    /// <summary>A state id nobody has used.</summary>
    /// <returns>The id.</returns>
    public static string NewStateId() => $"node_state_{Guid.NewGuid():D}";

    /// <summary>The file of a saved state; it is empty where the plan had nothing to keep.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="stateId">The state id a researcher named.</param>
    /// <returns>The path, or null where this job has no such state.</returns>
    public string? Find(string jobId, string stateId) =>
        Directory.Exists(FolderOf(jobId)) ? FilesOf(jobId).Find(StateDirectory.NameOf(stateId)) : null;

    /// <summary>Keeps a state for good by moving its file here, and drops the oldest beyond the limits.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="stateId">The new state id.</param>
    /// <param name="path">The file, whole; on the same disk.</param>
    /// <exception cref="FedJobException">It cannot be moved (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public void Commit(string jobId, string stateId, string path)
    {
        try
        {
            NumberedFiles files = FilesOf(jobId);
            string key = StateDirectory.NameOf(stateId);
            (long number, string destination) = files.Next(key);
            File.Move(path, destination);
            files.Added(number, key);
            DropOldJobs(FolderOf(jobId));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.Failed(FolderOf(jobId), e);
        }
    }

    private string FolderOf(string jobId) => Path.Combine(_root, StateDirectory.NameOf(jobId));

    private NumberedFiles FilesOf(string jobId) => new(FolderOf(jobId), Ending, _statesPerJob);

    private void DropOldJobs(string current)
    {
        IEnumerable<DirectoryInfo> others = new DirectoryInfo(_root).GetDirectories().Where(job => job.FullName != current);
        foreach (DirectoryInfo job in others.OrderByDescending(job => job.LastWriteTimeUtc).Skip(_maximumJobs - 1))
        {
            job.Delete(recursive: true);
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Node.State;

/// <summary>
/// The directory a node keeps what must outlive it in. One node at a time owns it; <c>plans</c> and <c>approvals</c> may be read and
/// decided by
/// another process meanwhile.
/// <code>
/// node.lock                     held open while a node runs
/// node.id                       the id made for this node, where its options name none
/// datasets.json                 id, name, tags, kind, shape of every dataset registered so far: ids stay the same over restarts
/// approvals/SHA256.json         one file a plan: pending, approved or rejected
/// plans/NUMBER-SHA256.zip       plan bundles as they were downloaded; hashed again before each use; the last few are kept
/// states/JOB/NUMBER-STATE.state what a plan saved at the end of a round; the last few of each job, and the last jobs, are kept
/// replies/NUMBER-REQUEST.json   replies to finished train requests; a repeated request is answered from here; the last few are kept
/// work/                         files of the running request; emptied when a node starts
/// </code>
/// JOB, STATE and REQUEST are digests of ids, so that no id of a peer is ever part of a path; NUMBER grows, so that age does not depend on
/// clocks.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private readonly FileStream _lock;

    private StateDirectory(string root, FileStream @lock) => (Root, _lock) = (root, @lock);

    /// <summary>The directory itself, absolute.</summary>
    public string Root { get; }

    /// <summary>The file of dataset ids.</summary>
    public string DatasetsFile => DatasetsFileOf(Root);

    /// <summary>Where approvals are.</summary>
    public string Approvals => ApprovalsOf(Root);

    /// <summary>Where downloaded plans are.</summary>
    public string Plans => Path.Combine(Root, "plans");

    /// <summary>Where the states of plans are.</summary>
    public string States => Path.Combine(Root, "states");

    /// <summary>Where finished replies are.</summary>
    public string Replies => Path.Combine(Root, "replies");

    /// <summary>Where the files of the running request are.</summary>
    public string Work => Path.Combine(Root, "work");

    /// <summary>The file of dataset ids of a state directory.</summary>
    /// <param name="root">The directory.</param>
    /// <returns>The path.</returns>
    public static string DatasetsFileOf(string root) => Path.Combine(root, "datasets.json");

    /// <summary>Where the approvals of a state directory are.</summary>
    /// <param name="root">The directory.</param>
    /// <returns>The path.</returns>
    public static string ApprovalsOf(string root) => Path.Combine(root, "approvals");

    /// <summary>Takes the directory for one node, making it where it is missing, and removes what a crash left.</summary>
    /// <param name="path">The directory.</param>
    /// <returns>The directory; disposing it lets another node take it.</returns>
    /// <exception cref="FedJobException">It cannot be written, or another node has it.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The lock goes to the result.")]
    public static StateDirectory Take(string path)
    {
        string root = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(root);
            FileStream @lock = TakeLock(root);
            var directory = new StateDirectory(root, @lock);
            try
            {
                directory.Clean();
                return directory;
            }
            catch
            {
                directory.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.Failed(root, e);
        }
    }

    /// <summary>The name of a file or folder for an id of a peer: always a plain, short, case-insensitively unique name.</summary>
    /// <param name="id">The id.</param>
    /// <returns>32 hexadecimal digits.</returns>
    public static string NameOf(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 16));

    /// <summary>The node's id: the one its options name, else the one made when the directory was first used.</summary>
    /// <param name="configured">The id of the options, if they name one.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>The id.</returns>
    /// <exception cref="FedJobException">The file of the id cannot be read or written, or holds something else.</exception>
    public async Task<string> GetNodeIdAsync(string? configured, CancellationToken cancellationToken)
    {
        if (configured is not null)
        {
            return configured;
        }

        string path = Path.Combine(Root, "node.id");
        if (!File.Exists(path))
        {
            string made = $"node_{Guid.NewGuid():D}";
            await AtomicFile.WriteAsync(
                path, Encoding.UTF8.GetBytes(made), replace: true, durable: true, cancellationToken).ConfigureAwait(false);
            return made;
        }

        string id = (await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false)).Trim();
        return Identifier.IsValid(id)
            ? id
            : throw new FedJobException(
                FedJobErrorCode.LocalFileFailed,
                $"The file '{path}' should hold the node's id, but holds none. "
                + "Write the id there again, or name one in FederatedNodeOptions.NodeId.");
    }

    /// <summary>Makes an empty folder for the files of one request.</summary>
    /// <returns>The folder; disposing it deletes it.</returns>
    public WorkFolder CreateWorkFolder() => new(Path.Combine(Work, Guid.NewGuid().ToString("N")));

    /// <summary>Lets another node take the directory.</summary>
    public void Dispose() => _lock.Dispose();

    private static FileStream TakeLock(string root)
    {
        string path = Path.Combine(root, "node.lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new FedJobException(
                FedJobErrorCode.OptionsInvalid,
                $"FederatedNodeOptions.StateDirectory is '{root}', which another node uses (its node.lock is held). "
                + "Give each node a directory of its own.",
                e);
        }
    }

    private void Clean()
    {
        if (Directory.Exists(Work))
        {
            Directory.Delete(Work, recursive: true);
        }

        foreach (string folder in (string[])[Plans, States, Replies, Approvals, Work])
        {
            Directory.CreateDirectory(folder);
        }

        foreach (string rubbish in Directory.EnumerateFiles(Root, "*" + AtomicFile.TemporaryEnding, SearchOption.AllDirectories))
        {
            AtomicFile.Delete(rubbish);
        }
    }
}

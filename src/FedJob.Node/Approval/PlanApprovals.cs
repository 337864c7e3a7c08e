using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Node.State;

namespace FedJob.Node.Approval;

/// <summary>
/// Which training plans may run at a node, by the SHA-256 of their exact bytes. Every decision is a file of its own in the state directory
/// and is read
/// again for each request, so that the owner may decide from another process while the node runs.
/// </summary>
public sealed class PlanApprovals
{
    private const int MaximumPending = 256;
    private const int MaximumTextLength = 512;
    private readonly string _folder;
    private readonly TimeProvider _timeProvider;

    private PlanApprovals(string folder, TimeProvider timeProvider) => (_folder, _timeProvider) = (folder, timeProvider);

    /// <summary>Opens the decisions of a state directory; a node may or may not run there.</summary>
    /// <param name="stateDirectory">The state directory of the node.</param>
    /// <param name="timeProvider">The clock of <see cref="PlanApproval.FirstSeen"/> and <see cref="PlanApproval.Decided"/>.</param>
    /// <returns>The decisions.</returns>
    public static PlanApprovals Open(string stateDirectory, TimeProvider timeProvider)
    {
        ArgumentException.ThrowIfNullOrEmpty(stateDirectory);
        ArgumentNullException.ThrowIfNull(timeProvider);
        return new PlanApprovals(StateDirectory.ApprovalsOf(Path.GetFullPath(stateDirectory)), timeProvider);
    }

    /// <summary>All plans the node has heard of, those first seen first.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The plans.</returns>
    /// <exception cref="FedJobException">A file cannot be read or is damaged (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public async Task<IReadOnlyList<PlanApproval>> ListAsync(CancellationToken cancellationToken)
    {
        List<PlanApproval> all = [];
        foreach (string file in Files())
        {
            if (await ReadAsync(file, cancellationToken).ConfigureAwait(false) is { } approval)
            {
                all.Add(approval);
            }
        }

        return [.. all.OrderBy(a => a.FirstSeen).ThenBy(a => a.Sha256, StringComparer.Ordinal)];
    }

    /// <summary>Looks a plan up.</summary>
    /// <param name="sha256">The SHA-256 of the plan's bytes: 64 hexadecimal digits.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>What is known of it, or null.</returns>
    /// <exception cref="ArgumentException">The text is no SHA-256.</exception>
    /// <exception cref="FedJobException">The file cannot be read or is damaged (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public Task<PlanApproval?> FindAsync(string sha256, CancellationToken cancellationToken) =>
        ReadAsync(FileOf(Normalise(sha256)), cancellationToken);

    /// <summary>Lets a plan run; also one that has not come yet.</summary>
    /// <param name="sha256">The SHA-256 of the plan's bytes: 64 hexadecimal digits.</param>
    /// <param name="note">What the owner wants to remember of the decision; null keeps the note there is.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>The decision as it is kept.</returns>
    /// <exception cref="ArgumentException">The text is no SHA-256.</exception>
    /// <exception cref="FedJobException">The decision cannot be kept (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public Task<PlanApproval> ApproveAsync(string sha256, string? note, CancellationToken cancellationToken) =>
        DecideAsync(sha256, PlanApprovalStatus.Approved, note, cancellationToken);

    /// <summary>Keeps a plan from running; a request that runs already goes on.</summary>
    /// <param name="sha256">The SHA-256 of the plan's bytes: 64 hexadecimal digits.</param>
    /// <param name="note">What the owner wants to remember of the decision; null keeps the note there is.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>The decision as it is kept.</returns>
    /// <exception cref="ArgumentException">The text is no SHA-256.</exception>
    /// <exception cref="FedJobException">The decision cannot be kept (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public Task<PlanApproval> RejectAsync(string sha256, string? note, CancellationToken cancellationToken) =>
        DecideAsync(sha256, PlanApprovalStatus.Rejected, note, cancellationToken);

    /// <summary>Notes a plan that came and is not known, so that the owner can decide. Never changes what is known already.</summary>
    /// <param name="sha256">The SHA-256 of the plan's bytes.</param>
    /// <param name="name">The type name the researcher gave.</param>
    /// <param name="note">What the researcher says about it.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>What is known of the plan now; null where too many plans wait for a decision already.</returns>
    internal async Task<PlanApproval?> RegisterAsync(string sha256, string name, string note, CancellationToken cancellationToken)
    {
        sha256 = Normalise(sha256);
        if (await FindAsync(sha256, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        // Files are read only where their number says that there could be too many.
        if (Files().Count() >= MaximumPending
            && (await ListAsync(
                cancellationToken).ConfigureAwait(false)).Count(a => a.Status == PlanApprovalStatus.Pending) >= MaximumPending)
        {
            return null;
        }

        var pending = new PlanApproval
        {
            Sha256 = sha256,
            Name = Clean(name),
            Status = PlanApprovalStatus.Pending,
            FirstSeen = _timeProvider.GetUtcNow(),
            Note = Clean(note),
        };
        bool isNew = await WriteAsync(pending, replace: false, cancellationToken).ConfigureAwait(false);
        return isNew ? pending : await FindAsync(sha256, cancellationToken).ConfigureAwait(false);
    }

    private static string Normalise(string sha256)
    {
        ArgumentNullException.ThrowIfNull(sha256);
        string text = sha256.Trim().ToLowerInvariant();
        return text.Length == 64 && text.All(char.IsAsciiHexDigitLower)
            ? text
            : throw new ArgumentException($"'{Clean(sha256)}' is no SHA-256: 64 hexadecimal digits are expected.", nameof(sha256));
    }

    private static string Clean(string text)
    {
        string plain = new([.. text.Where(c => !char.IsControl(c))]);
        return plain.Length > MaximumTextLength ? plain[..MaximumTextLength] : plain;
    }

    private static async Task<PlanApproval?> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            byte[] json = await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false);
            PlanApproval? approval = JsonSerializer.Deserialize(json, ApprovalJson.Default.PlanApproval);
            return approval is not null && Path.GetFileNameWithoutExtension(file) == approval.Sha256
                ? approval
                : throw new JsonException("It names another plan than its file.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw AtomicFile.Failed(file, e);
        }
    }

    private string FileOf(string sha256) => Path.Combine(_folder, sha256 + ".json");

    private IEnumerable<string> Files() => Directory.Exists(_folder) ? Directory.EnumerateFiles(_folder, "*.json") : [];

    private async Task<PlanApproval> DecideAsync(
        string sha256, PlanApprovalStatus status, string? note, CancellationToken cancellationToken)
    {
        sha256 = Normalise(sha256);
        PlanApproval? known = await FindAsync(sha256, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = _timeProvider.GetUtcNow();
        PlanApproval decided = (known ?? new PlanApproval { Sha256 = sha256, Name = "", Status = status, FirstSeen = now }) with
        {
            Status = status,
            Decided = now,
            Note = Clean(note ?? known?.Note ?? ""),
        };
        await WriteAsync(decided, replace: true, cancellationToken).ConfigureAwait(false);
        return decided;
    }

    private Task<bool> WriteAsync(PlanApproval approval, bool replace, CancellationToken cancellationToken) => AtomicFile.WriteAsync(
        FileOf(approval.Sha256),
        JsonSerializer.SerializeToUtf8Bytes(approval, ApprovalJson.Default.PlanApproval),
        replace,
        durable: true,
        cancellationToken);
}

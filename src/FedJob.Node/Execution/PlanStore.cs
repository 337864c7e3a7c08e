using System.Security.Cryptography;
using FedJob.Abstractions;
using FedJob.Node.Approval;
using FedJob.Node.State;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// Gets training plans: from the repository, or from the last few that were downloaded. Whatever the way, the bytes in memory are hashed,
/// that hash is
/// looked up among the owner's decisions, and those bytes are loaded; nothing in them is looked at before.
/// </summary>
internal sealed partial class PlanStore
{
    private readonly NumberedFiles _files;
    private readonly Lock _gate = new();
    private readonly IRepository _repository;
    private readonly PlanApprovals _approvals;
    private readonly bool _requireApproval;
    private readonly int _maximumBytes;
    private readonly string _nodeId;
    private readonly ILogger _logger;

    /// <summary>Opens the store.</summary>
    public PlanStore(
        string folder, PlanRules rules, string nodeId, IRepository repository, PlanApprovals approvals, ILogger logger)
    {
        _files = new NumberedFiles(folder, ".zip", rules.Kept);
        (_repository, _approvals, _nodeId, _logger) = (repository, approvals, nodeId, logger);
        (_requireApproval, _maximumBytes) = (rules.RequireApproval, rules.MaximumBytes);
    }

    /// <summary>Gets the plan of a request, if it may run here.</summary>
    /// <param name="task">The request.</param>
    /// <param name="work">Where the download goes.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="FedJobException">It cannot be had, is too large, is not approved, or is no plan bundle.</exception>
    public async Task<PlanBundle> GetApprovedAsync(TrainTask task, WorkFolder work, CancellationToken cancellationToken)
    {
        (byte[] bytes, string sha256) = await GetBytesAsync(
            task.Request.TrainingPlanUrl, task.PlanDigest, work, cancellationToken).ConfigureAwait(false);
        await DemandApprovalAsync(sha256, task.Request.TrainingPlanClass, cancellationToken).ConfigureAwait(false);
        return PlanBundle.Read(bytes);
    }

    /// <summary>Gets the bytes of a plan, approved or not.</summary>
    /// <param name="url">Where it is.</param>
    /// <param name="digest">Its SHA-256, if the researcher told it; then a kept copy may serve.</param>
    /// <param name="work">Where the download goes.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    /// <returns>The bytes, and the SHA-256 of exactly these bytes.</returns>
    /// <exception cref="FedJobException">It cannot be had, is too large, or is not what was announced.</exception>
    public async Task<(byte[] Bytes, string Sha256)> GetBytesAsync(
        string url, FileDigest? digest, WorkFolder work, CancellationToken cancellationToken)
    {
        if (digest is not null && FindKept(digest.Hex) is { } kept)
        {
            if (await ReadKeptAsync(kept, digest.Hex, cancellationToken).ConfigureAwait(false) is { } bytes)
            {
                return (bytes, digest.Hex);
            }

            ForgetKept(digest.Hex);
        }

        var download = new DownloadRequest
        {
            Url = TrainRules.ReadUrl("training_plan_url", url),
            DestinationPath = work.Plan,
            ExpectedDigest = digest,
            MaximumBytes = _maximumBytes,
        };
        await _repository.DownloadAsync(download, cancellationToken).ConfigureAwait(false);
        byte[] downloaded = await File.ReadAllBytesAsync(work.Plan, cancellationToken).ConfigureAwait(false);
        string sha256 = HashOf(downloaded);
        Keep(work.Plan, sha256);
        return (downloaded, sha256);
    }

    private static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private string? FindKept(string sha256)
    {
        lock (_gate)
        {
            return _files.Find(sha256);
        }
    }

    private void ForgetKept(string sha256)
    {
        lock (_gate)
        {
            _files.Remove(sha256);
        }
    }

    private async Task<byte[]?> ReadKeptAsync(string path, string sha256, CancellationToken cancellationToken)
    {
        try
        {
            byte[] bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
            return HashOf(bytes) == sha256 ? bytes : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogKeptUnreadable(_logger, sha256, e.Message);
            return null;
        }
    }

    private void Keep(string path, string sha256)
    {
        lock (_gate)
        {
            if (_files.Find(sha256) is not null)
            {
                return;
            }

            try
            {
                (long number, string destination) = _files.Next(sha256);
                File.Move(path, destination, overwrite: true);
                _files.Added(number, sha256);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The bytes are in memory; next time they are downloaded again.
                LogKeptUnreadable(_logger, sha256, e.Message);
            }
        }
    }

    private async Task DemandApprovalAsync(string sha256, string name, CancellationToken cancellationToken)
    {
        PlanApproval? approval = await _approvals.FindAsync(sha256, cancellationToken).ConfigureAwait(false);
        if (approval is null && _requireApproval)
        {
            approval = await _approvals.RegisterAsync(sha256, name, "", cancellationToken).ConfigureAwait(false);
        }

        bool mayRun = _requireApproval
            ? approval is { Status: PlanApprovalStatus.Approved }
            : approval is not { Status: PlanApprovalStatus.Rejected };
        if (mayRun)
        {
            return;
        }

        string status = approval?.Status.ToString() ?? "not registered, as too many plans wait for a decision";
        LogNotApproved(_logger, sha256, status);
        throw new FedJobException(
            FedJobErrorCode.TrainingPlanNotApproved,
            $"Requested training plan is not approved by the node: {_nodeId} (SHA-256 {sha256}: {status}; the node's owner decides)");
    }

    [LoggerMessage(1420, LogLevel.Warning, "Training plan {Sha256} was refused: it is {Status}; approve or reject it by its hash")]
    private static partial void LogNotApproved(ILogger logger, string sha256, string status);

    [LoggerMessage(1421, LogLevel.Warning,
        "The kept copy of training plan {Sha256} could not be read or written; it is downloaded anew: {Reason}")]
    private static partial void LogKeptUnreadable(ILogger logger, string sha256, string reason);
}

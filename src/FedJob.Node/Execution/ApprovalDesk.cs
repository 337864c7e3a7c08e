using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Node.Approval;
using FedJob.Node.State;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// Answers researchers who ask for a plan's approval or its status. Both need the plan's bytes, so they wait here, beside the training and away
/// from the pings, and are answered one at a time.
/// </summary>
internal sealed partial class ApprovalDesk
{
    private const int Capacity = 32;
    private readonly Channel<(ResearcherRequest Request, string? RequestId)> _waiting =
        Channel.CreateBounded<(ResearcherRequest, string?)>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly PlanStore _plans;
    private readonly PlanApprovals _approvals;
    private readonly StateDirectory _directory;
    private readonly ReplyPublisher _publisher;
    private readonly bool _requireApproval;
    private readonly ILogger _logger;

    /// <summary>Makes a desk; it answers nothing before it is run.</summary>
    public ApprovalDesk(
        PlanStore plans,
        PlanApprovals approvals,
        StateDirectory directory,
        ReplyPublisher publisher,
        bool requireApproval,
        ILogger logger)
    {
        (_plans, _approvals, _directory) = (plans, approvals, directory);
        (_publisher, _requireApproval, _logger) = (publisher, requireApproval, logger);
    }

    /// <summary>Takes a request.</summary>
    /// <param name="request">An <see cref="ApprovalRequest"/> or a <see cref="TrainingPlanStatusRequest"/>.</param>
    /// <param name="requestId">Its id, if it has one.</param>
    /// <returns>Null when it waits for its turn; else the reply to publish at once, as too many wait.</returns>
    public NodeMessage? Take(ResearcherRequest request, string? requestId) =>
        _waiting.Writer.TryWrite(
            (request, requestId)) ? null : Failed(request, 0, $"{Capacity} requests about training plans wait already. Ask again later.");

    /// <summary>Answers until it is told to stop.</summary>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>A task that ends with the work.</returns>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach ((ResearcherRequest request, string? requestId) in _waiting.Reader.ReadAllAsync(
                cancellationToken).ConfigureAwait(false))
            {
                NodeMessage reply = await AnswerAsync(request, cancellationToken).ConfigureAwait(false);
                await PublishAsync(reply, requestId, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping is the way this ends.
        }
    }

    private async Task<NodeMessage> AnswerAsync(ResearcherRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using WorkFolder work = _directory.CreateWorkFolder();
            return request is ApprovalRequest approval
                ? await RegisterAsync(approval, work, cancellationToken).ConfigureAwait(false)
                : await LookUpAsync((TrainingPlanStatusRequest)request, work, cancellationToken).ConfigureAwait(false);
        }
        catch (RepositoryException e)
        {
            return Failed(request, (int?)e.Status ?? 0, e.Message);
        }
        catch (TrainingPlanException e)
        {
            // It was downloaded, and is none.
            return Failed(request, 200, e.Message);
        }
        catch (Exception e) when (e is FedJobException or IOException or UnauthorizedAccessException)
        {
            return Failed(request, 0, e.Message);
        }
    }

    private async Task<ApprovalReply> RegisterAsync(ApprovalRequest request, WorkFolder work, CancellationToken cancellationToken)
    {
        (byte[] bytes, string sha256) = await _plans.GetBytesAsync(
            request.TrainingPlanUrl, null, work, cancellationToken).ConfigureAwait(false);

        // The owner is not bothered with what is no plan; reading a bundle loads nothing of it.
        string name = PlanBundle.Read(bytes).AssemblyName;
        PlanApproval? approval = await _approvals.RegisterAsync(sha256, name, request.Description, cancellationToken).ConfigureAwait(false);
        LogAsked(
            _logger, request.ResearcherId, sha256, approval?.Status.ToString() ?? "not registered, as too many plans wait for a decision");
        return new ApprovalReply
        {
            ResearcherId = request.ResearcherId,
            NodeId = _publisher.NodeId,
            Sequence = request.Sequence,
            Status = 200,
            Success = approval is not null,
        };
    }

    private async Task<TrainingPlanStatusReply> LookUpAsync(
        TrainingPlanStatusRequest request, WorkFolder work, CancellationToken cancellationToken)
    {
        (_, string sha256) = await _plans.GetBytesAsync(request.TrainingPlanUrl, null, work, cancellationToken).ConfigureAwait(false);
        PlanApproval? approval = await _approvals.FindAsync(sha256, cancellationToken).ConfigureAwait(false);
        (TrainingPlanStatus status, string text) = approval?.Status switch
        {
            PlanApprovalStatus.Approved => (TrainingPlanStatus.Approved, "The training plan is approved; training can start."),
            PlanApprovalStatus.Rejected => (TrainingPlanStatus.Rejected, "The node's owner rejected the training plan."),
            PlanApprovalStatus.Pending => (TrainingPlanStatus.Pending, "The training plan waits for the decision of the node's owner."),
            _ => (TrainingPlanStatus.NotRegistered, "The node has never been asked about the training plan."),
        };

        // A rejected plan is refused whether or not approval is required, so its status counts.
        bool counts = _requireApproval || status == TrainingPlanStatus.Rejected;
        return counts
            ? Status(request, success: true, counts, status, text)
            : Status(request, success: true, counts, TrainingPlanStatus.Pending, "This node does not require approval.");
    }

    private TrainingPlanStatusReply Status(
        TrainingPlanStatusRequest request, bool success, bool counts, TrainingPlanStatus status, string text) => new()
        {
            ResearcherId = request.ResearcherId,
            NodeId = _publisher.NodeId,
            JobId = request.JobId,
            Success = success,
            ApprovalObligation = counts,
            Status = status,
            Text = text,
            TrainingPlanUrl = request.TrainingPlanUrl,
        };

    private NodeMessage Failed(ResearcherRequest request, int status, string reason) => request is TrainingPlanStatusRequest lookUp
        ? Status(lookUp, success: false, _requireApproval, TrainingPlanStatus.Error, WireText.Clean(reason, _directory.Root))
        : new ApprovalReply
        {
            ResearcherId = request.ResearcherId,
            NodeId = _publisher.NodeId,
            Sequence = ((ApprovalRequest)request).Sequence,
            Status = status,
            Success = false,
        };

    private async Task PublishAsync(NodeMessage reply, string? requestId, CancellationToken cancellationToken)
    {
        try
        {
            await _publisher.PublishAsync(reply, requestId, cancellationToken).ConfigureAwait(false);
        }
        catch (FedJobException e)
        {
            LogUnpublished(_logger, reply.Command, e.Message);
        }
    }

    [LoggerMessage(1470, LogLevel.Information, "{Researcher} asks for the approval of training plan {Sha256}: {Status}")]
    private static partial void LogAsked(ILogger logger, string researcher, string sha256, string status);

    [LoggerMessage(1471, LogLevel.Warning, "A reply to a {Command} request could not be published: {Reason}")]
    private static partial void LogUnpublished(ILogger logger, string command, string reason);
}

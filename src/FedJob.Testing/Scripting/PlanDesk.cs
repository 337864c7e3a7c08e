using System.Collections.Concurrent;
using System.Security.Cryptography;
using FedJob.Protocol.Messages;

namespace FedJob.Testing.Scripting;

/// <summary>What the node's owner decided about training plans; answers approval and training-plan-status.</summary>
internal sealed class PlanDesk(bool requiresApproval, Downloads downloads, ReplyWriter replies)
{
    private readonly ConcurrentDictionary<string, TrainingPlanStatus> _plans = new(StringComparer.OrdinalIgnoreCase);

    public void Set(string sha256, TrainingPlanStatus status) => _plans[sha256] = status;

    public TrainingPlanStatus StatusOf(byte[] plan) =>
        _plans.TryGetValue(Hash(plan), out TrainingPlanStatus status) ? status : TrainingPlanStatus.NotRegistered;

    /// <summary>Whether a plan may run here.</summary>
    public bool MayRun(byte[] plan) => !requiresApproval || StatusOf(plan) == TrainingPlanStatus.Approved;

    public async Task ApprovalAsync(OrderedDictionary<string, object?> request, CancellationToken cancellationToken)
    {
        byte[] plan;
        try
        {
            plan = await downloads.GetAsync(
                (string)request["training_plan_url"]!, $"training_plan_{Guid.NewGuid()}.py", cancellationToken).ConfigureAwait(false);
        }
        catch (DownloadException exception)
        {
            await replies.LogAsync("ERROR", exception.Message).ConfigureAwait(false);
            await replies.LogAsync("ERROR", $"Cannot download training plan from server due to error: {exception.Message}").ConfigureAwait(false);
            await AnswerAsync(request, 0, success: false).ConfigureAwait(false);
            return;
        }

        bool success = true;
        TrainingPlanStatus status = StatusOf(plan);
        if (PythonModule.Read(plan).Problem is { } problem && problem.StartsWith("SyntaxError", StringComparison.Ordinal))
        {
            success = false;
            await replies.LogAsync(
                "ERROR",
                "Can not check whether training plan has already be registered or not due to error: FB606: model manager error: "
                + $"cannot minify file training_plan.txtdetails: {problem}").ConfigureAwait(false);
        }
        else if (status == TrainingPlanStatus.NotRegistered)
        {
            Set(Hash(plan), TrainingPlanStatus.Pending);
        }
        else
        {
            await replies.LogAsync(
                "INFO",
                $"Training plan '{request["description"]}' already sent for Approval (status {Name(status)}). Please wait for Node approval.")
                .ConfigureAwait(false);
        }

        await AnswerAsync(request, 200, success).ConfigureAwait(false);
    }

    public async Task StatusAsync(OrderedDictionary<string, object?> request, CancellationToken cancellationToken)
    {
        var url = (string)request["training_plan_url"]!;
        try
        {
            byte[] plan = await downloads.GetAsync(url, $"my_training_plan_{Guid.NewGuid():N}.py", cancellationToken).ConfigureAwait(false);
            TrainingPlanStatus status = StatusOf(plan);
            await StatusAsync(request, success: true, requiresApproval, Name(status), Text(status)).ConfigureAwait(false);
        }
        catch (DownloadException exception)
        {
            await replies.LogAsync("ERROR", exception.Message).ConfigureAwait(false);
            string text = $"FB604: repository error: An error occurred when downloading training plan file. {url} , {exception.Message}";
            await StatusAsync(request, success: false, obligation: false, "Error", text).ConfigureAwait(false);
        }
    }

    public static string Hash(byte[] plan) => Convert.ToHexStringLower(SHA256.HashData(plan));

    private static string Name(TrainingPlanStatus status) =>
        status == TrainingPlanStatus.NotRegistered ? "Not Registered" : status.ToString();

    private string Text(TrainingPlanStatus status) => (requiresApproval, status) switch
    {
        (false, _) => "This node does not require training plan approval (maybe for debugging purposes).",
        (_, TrainingPlanStatus.Approved) => "Training plan has been approved by the node, training can start",
        (_, TrainingPlanStatus.Rejected) => "Training plan has been rejected by the node, training is not possible",
        (_, TrainingPlanStatus.Pending) => "Training plan is pending: waiting for a review",
        _ => "Unknown training plan not in database (status Not Registered)",
    };

    private Task AnswerAsync(OrderedDictionary<string, object?> request, int status, bool success) => replies.ReplyAsync(
        (string)request["researcher_id"]!,
        "approval",
        ("node_id", replies.NodeId),
        ("sequence", request["sequence"]),
        ("status", status),
        ("success", success));

    private Task StatusAsync(OrderedDictionary<string, object?> request, bool success, bool obligation, string status, string text) =>
        replies.ReplyAsync(
            (string)request["researcher_id"]!,
            "training-plan-status",
            ("node_id", replies.NodeId),
            ("job_id", request["job_id"]),
            ("success", success),
            ("approval_obligation", obligation),
            ("status", status),
            ("msg", text),
            ("training_plan_url", request["training_plan_url"]));
}

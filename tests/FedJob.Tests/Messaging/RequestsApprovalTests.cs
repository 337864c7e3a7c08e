using System.Text.Json.Nodes;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Messaging;

/// <summary>Asking nodes whether they would run a plan, and sending it for approval.</summary>
public sealed class RequestsApprovalTests : IAsyncDisposable
{
    private static readonly Uri Plan = new("http://repository.test/files/plan.py");

    private readonly RequestsBench _bench = new();

    [Theory]
    [InlineData("Approved", true, true, TrainingPlanApprovalStatus.Approved)]
    [InlineData("Pending", true, true, TrainingPlanApprovalStatus.Pending)]
    [InlineData("Rejected", true, true, TrainingPlanApprovalStatus.Rejected)]
    [InlineData("Not Registered", true, true, TrainingPlanApprovalStatus.NotRegistered)]
    [InlineData("Error", true, true, TrainingPlanApprovalStatus.Error)]
    [InlineData("Pending", true, false, TrainingPlanApprovalStatus.NotRequired)]
    [InlineData("Approved", false, true, TrainingPlanApprovalStatus.Error)]
    public async Task CheckTrainingPlanApprovalAsync_EachAnswer_IsTyped(string status, bool success, bool obligation, TrainingPlanApprovalStatus expected)
    {
        Answer((node, request) => request is TrainingPlanStatusRequest ? Status(node, request, status, success, obligation) : null, "node_1");

        IReadOnlyDictionary<string, TrainingPlanApproval> answers =
            await _bench.Requests.CheckTrainingPlanApprovalAsync("job_1", Plan, ["node_1"], RequestsBench.Token);

        TrainingPlanApproval answer = answers["node_1"];
        Assert.Equal((expected, "words of node_1"), (answer.Status, answer.Text));
        Assert.Equal(expected is TrainingPlanApprovalStatus.Approved or TrainingPlanApprovalStatus.NotRequired, answer.CanTrain);
    }

    [Fact]
    [Trait("seed", "32")]
    public async Task CheckTrainingPlanApprovalAsync_SilentForeignAndFailing_EachNodeHasItsEntryAfterTheWindow()
    {
        Answer(
            (node, request) => request is not TrainingPlanStatusRequest ? null : node switch
            {
                "node_2" => NodeSays.Error(request.ResearcherId, node, "FB300: undetermined node error", "no database"),
                "node_3" => Status(node, request, "Approved", jobId: "job_2"),
                "node_4" => Status(node, request, "Approved"),
                _ => null,
            },
            "node_1", "node_2", "node_3", "node_4");

        Task<IReadOnlyDictionary<string, TrainingPlanApproval>> check =
            _bench.Requests.CheckTrainingPlanApprovalAsync("job_1", Plan, ["node_1", "node_2", "node_3", "node_4"], RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.ApprovalWindow);

        Assert.Equal(
            ["node_1:NoAnswer", "node_2:Error", "node_3:NoAnswer", "node_4:Approved"], (await check).Values.Select(a => $"{a.NodeId}:{a.Status}"));
        Assert.Contains("no database", (await check)["node_2"].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckTrainingPlanApprovalAsync_NoNodeNamed_AsksEverybodyAndNamesWhoIsThere()
    {
        Answer((node, request) => request is TrainingPlanStatusRequest && node == "node_2" ? Status(node, request, "Rejected") : null, "node_1", "node_2");

        Task<IReadOnlyDictionary<string, TrainingPlanApproval>> check =
            _bench.Requests.CheckTrainingPlanApprovalAsync("job_1", Plan, cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.ApprovalWindow);

        Assert.Equal(["node_1:NoAnswer", "node_2:Rejected"], (await check).Values.Select(a => $"{a.NodeId}:{a.Status}"));
        Assert.All(_bench.Link.Published, m => Assert.Equal(Topics.AllNodes, m.Topic));
    }

    [Fact]
    [Trait("seed", "31")]
    public async Task RequestTrainingPlanApprovalAsync_ThreeNodes_EachAnswerIsItsNodesOwn()
    {
        Answer((node, request) => request is ApprovalRequest approval ? Approval(node, approval, node == "node_2" ? 404 : 200) : null, "node_1", "node_2", "node_3");

        IReadOnlyDictionary<string, ApprovalRequestAnswer> answers =
            await _bench.Requests.RequestTrainingPlanApprovalAsync(Plan, "please", ["node_1", "node_2", "node_3"], RequestsBench.Token);

        Assert.Equal(
            ["node_1:Received:200", "node_2:DownloadFailed:404", "node_3:Received:200"],
            answers.Values.Select(a => $"{a.NodeId}:{a.Outcome}:{a.HttpStatus}"));
        int[] sequences = [.. Sent<ApprovalRequest>().Select(r => r.Sequence)];
        Assert.Equal(3, sequences.Distinct().Count());
    }

    [Fact]
    public async Task RequestTrainingPlanApprovalAsync_AnswerWithAnotherNodesNumber_DoesNotCount()
    {
        var first = new TaskCompletionSource<int>();
        Answer(
            (node, request) => request is not ApprovalRequest approval ? null
                : node == "node_1" && first.TrySetResult(approval.Sequence) ? null
                : Approval(node, approval with { Sequence = first.Task.Result }, 200),
            "node_1", "node_2");

        Task<IReadOnlyDictionary<string, ApprovalRequestAnswer>> request =
            _bench.Requests.RequestTrainingPlanApprovalAsync(Plan, "please", ["node_1", "node_2"], RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.ApprovalWindow);

        Assert.All((await request).Values, a => Assert.Equal(ApprovalRequestOutcome.NoAnswer, a.Outcome));
    }

    [Theory]
    [InlineData(0, false, ApprovalRequestOutcome.DownloadFailed, null)]
    [InlineData(503, false, ApprovalRequestOutcome.DownloadFailed, 503)]
    [InlineData(200, false, ApprovalRequestOutcome.Error, 200)]
    [InlineData(200, true, ApprovalRequestOutcome.Received, 200)]
    public async Task RequestTrainingPlanApprovalAsync_EachAnswer_IsTyped(int status, bool success, ApprovalRequestOutcome expected, int? httpStatus)
    {
        Answer((node, request) => request is ApprovalRequest approval ? Approval(node, approval, status, success) : null, "node_1");

        ApprovalRequestAnswer answer =
            (await _bench.Requests.RequestTrainingPlanApprovalAsync(Plan, "please", ["node_1"], RequestsBench.Token))["node_1"];

        Assert.Equal((expected, httpStatus), (answer.Outcome, answer.HttpStatus));
        Assert.NotEmpty(answer.Text);
    }

    [Fact]
    public async Task RequestTrainingPlanApprovalAsync_ManyNodesNamed_NobodyElseGetsThePlan()
    {
        string[] named = [.. Enumerable.Range(0, 17).Select(i => $"node_{i}")];
        Answer((node, request) => request is ApprovalRequest approval ? Approval(node, approval, 200) : null, named);

        IReadOnlyDictionary<string, ApprovalRequestAnswer> answers =
            await _bench.Requests.RequestTrainingPlanApprovalAsync(Plan, "please", named, RequestsBench.Token);

        Assert.Equal(17, answers.Count);
        Assert.DoesNotContain(Topics.AllNodes, _bench.Link.Published.Select(m => m.Topic));
    }

    [Fact]
    public async Task RequestTrainingPlanApprovalAsync_NobodyListensOnANodesTopic_IsNotWaitedFor()
    {
        Answer((node, request) => request is ApprovalRequest approval ? Approval(node, approval, 200) : null, "node_1");
        _bench.Link.Outcome = message => message.Topic == Topics.Node("node_2") ? PublishOutcome.NoSubscribers : PublishOutcome.Accepted;

        // Time stands still: only the broker's word lets this end.
        IReadOnlyDictionary<string, ApprovalRequestAnswer> answers =
            await _bench.Requests.RequestTrainingPlanApprovalAsync(Plan, "please", ["node_1", "node_2"], RequestsBench.Token);

        Assert.Equal(
            [ApprovalRequestOutcome.Received, ApprovalRequestOutcome.NoAnswer], answers.Values.Select(a => a.Outcome));
    }

    [Fact]
    [Trait("input", "15")]
    public async Task RequestTrainingPlanApprovalAsync_BlankDescription_RefusedBeforeAnythingIsSent()
    {
        await Assert.ThrowsAsync<ArgumentException>(
            () => _bench.Requests.RequestTrainingPlanApprovalAsync(Plan, " ", ["node_1"], RequestsBench.Token));

        Assert.Empty(_bench.Link.Published);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static string Status(string node, ResearcherRequest request, string status, bool success = true, bool obligation = true, string jobId = "job_1") =>
        Say(request, node, "training-plan-status", new JsonObject
        {
            ["job_id"] = jobId,
            ["success"] = success,
            ["approval_obligation"] = obligation,
            ["status"] = status,
            ["msg"] = $"words of {node}",
            ["training_plan_url"] = Plan.AbsoluteUri,
        });

    private static string Approval(string node, ApprovalRequest request, int status, bool? success = null) =>
        Say(request, node, "approval", new JsonObject { ["sequence"] = request.Sequence, ["status"] = status, ["success"] = success ?? status == 200 });

    private static string Say(ResearcherRequest request, string node, string command, JsonObject fields)
    {
        fields["protocol_version"] = "1";
        fields["researcher_id"] = request.ResearcherId;
        fields["node_id"] = node;
        fields["command"] = command;
        return fields.ToJsonString();
    }

    private void Answer(Func<string, ResearcherRequest, string?> answer, params string[] nodes) => _bench.Link.OnPublish = (message, _) =>
    {
        Assert.True(MessageReader.TryReadFromResearcher(message.Payload, out ResearcherRequest? request, out string? flaw), flaw);
        foreach (string node in nodes.Where(n => RequestsBench.Hears(n, message.Topic)))
        {
            string? reply = request is PingRequest ping ? NodeSays.Pong(ping.ResearcherId, node, ping.Sequence) : answer(node, request);
            if (reply is not null)
            {
                _bench.Link.Reply(reply);
            }
        }

        return Task.CompletedTask;
    };

    private IEnumerable<T> Sent<T>() => _bench.Link.Published
        .Select(m => MessageReader.TryReadFromResearcher(m.Payload, out ResearcherRequest? request, out _) ? request : null)
        .OfType<T>();
}

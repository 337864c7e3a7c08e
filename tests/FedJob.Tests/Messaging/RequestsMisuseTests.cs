using FedJob.Messaging;

namespace FedJob.Tests.Messaging;

/// <summary>What no caller may ask nodes: refused with an argument error before anything is sent.</summary>
[Trait("input", "15")]
public sealed class RequestsMisuseTests : IAsyncDisposable
{
    private static readonly Uri Plan = new("http://repository.test/files/plan");

    private static readonly Dictionary<string, Func<IRequests, Task>> Calls = new(StringComparer.Ordinal)
    {
        ["ping nobody"] = r => r.PingAsync([], RequestsBench.Token),
        ["ping a path"] = r => r.PingAsync(["../nodes"], RequestsBench.Token),
        ["ping a wildcard"] = r => r.PingAsync(["#"], RequestsBench.Token),
        ["ping null"] = r => r.PingAsync([null!], RequestsBench.Token),
        ["search without tags"] = r => r.SearchAsync(null!, cancellationToken: RequestsBench.Token),
        ["search a null tag"] = r => r.SearchAsync([null!], cancellationToken: RequestsBench.Token),
        ["search nobody"] = r => r.SearchAsync(["a"], [], RequestsBench.Token),
        ["list nobody"] = r => r.ListAsync([], RequestsBench.Token),
        ["approval of no job"] = r => r.CheckTrainingPlanApprovalAsync(null!, Plan, cancellationToken: RequestsBench.Token),
        ["approval of no plan"] = r => r.CheckTrainingPlanApprovalAsync("job_1", null!, cancellationToken: RequestsBench.Token),
        ["approval by nobody"] = r => r.CheckTrainingPlanApprovalAsync("job_1", Plan, [], RequestsBench.Token),
        ["request without a plan"] = r => r.RequestTrainingPlanApprovalAsync(null!, "text", cancellationToken: RequestsBench.Token),
        ["request without a text"] = r => r.RequestTrainingPlanApprovalAsync(Plan, null!, cancellationToken: RequestsBench.Token),
        ["request to nobody"] = r => r.RequestTrainingPlanApprovalAsync(Plan, "text", [], RequestsBench.Token),
        ["window of nothing"] = r => Task.FromResult(r.OpenReplyWindow(null!)),
        ["metrics of no job"] = r => Task.FromResult(r.SubscribeToMetrics(null!)),
        ["metrics of a wildcard"] = r => Task.FromResult(r.SubscribeToMetrics("+")),
    };

    private readonly RequestsBench _bench = new();

    public static TheoryData<string> Wrong => [.. Calls.Keys];

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Call_WrongArgument_RefusedBeforeAnythingIsSent(string call)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Calls[call](_bench.Requests));

        Assert.Empty(_bench.Link.Published);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();
}

using System.Text.Json;
using FedJob.Tests.Captures;
using FedJob.Tests.Protocol.Messages;

namespace FedJob.Tests.Aggregation;

/// <summary>
/// FedJob's FedAvg of the parameters that nodes sent in captured rounds is what the original made of them, in the captured order of the
/// replies (a job itself combines in ordinal order of the node ids, whatever the order of the replies).
/// </summary>
public sealed class FedAvgGoldenTests
{
    /// <summary>The scenarios with a round whose files were captured on both sides.</summary>
    public static TheoryData<string> Scenarios =>
        [.. GoldenFixtures.Scenarios().Select(s => s.Data).Where(s => CapturedRound.Of(s).Count > 0)];

    /// <summary>The breakpoints with a round whose files are there.</summary>
    public static TheoryData<string> Breakpoints =>
        [.. CapturedBreakpoint.All.Where(b => new CapturedBreakpoint(b).Replies.Any(r => r.Count > 0 && r.All(u => u.File is not null)))];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scenarios))]
    public void Combine_CapturedRounds_GiveTheCapturedParametersOfTheNext(string scenario)
    {
        IReadOnlyList<CapturedRound> rounds = CapturedRound.Of(scenario);
        CapturedRound[] plain = [.. rounds.Where(r => WhyNotPlain(r) is null)];
        Assert.SkipWhen(plain.Length == 0, $"{scenario}: {WhyNotPlain(rounds[0])}.");

        foreach (CapturedRound round in plain)
        {
            FedAvgReference.AssertIsFedAvg(round.Where, round.Start, round.Updates, round.Next);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public void Combine_RoundsOfABreakpoint_GiveItsAggregatedParameters(string breakpoint)
    {
        var captured = new CapturedBreakpoint(breakpoint);
        Assert.SkipUnless(
            captured.AggregatorClass == "FedAverage" && !captured.HasServerOptimizer,
            $"{breakpoint}: the aggregator is {captured.AggregatorClass}{(captured.HasServerOptimizer ? " with an optimizer" : "")}.");
        foreach ((int round, string? aggregated) in captured.Aggregated)
        {
            var replies = round < captured.Replies.Count ? captured.Replies[round] : [];
            if (aggregated is null || replies.Count == 0 || replies.Any(r => r.File is null || FedAvgReference.IsEncrypted(r.File)))
            {
                continue;
            }

            CapturedUpdate[] updates =
            [
                .. replies.Select(r => new CapturedUpdate(
                    r.Reply.GetProperty("node_id").GetString()!, r.Reply.GetProperty("sample_size").GetInt64(), r.File!)),
            ];
            FedAvgReference.AssertIsFedAvg($"{breakpoint}, round {round}", aggregated, updates, aggregated);
        }
    }

    [Fact]
    public void Captures_OfTheProjectItself_HavePlainRoundsOfBothKindsOfModel()
    {
        Assert.SkipUnless(CaptureFolder.Root == CaptureFolder.Own, "FEDJOB_FIXTURES names other captures");

        CapturedRound[] plain = [.. Scenarios.SelectMany(s => CapturedRound.Of(s.Data)).Where(r => WhyNotPlain(r) is null)];
        Assert.Contains(plain, r => FedAvgReference.IsTorch(r.Start));
        Assert.Contains(plain, r => !FedAvgReference.IsTorch(r.Start));
        Assert.NotEmpty(Breakpoints);
    }

    /// <summary>What makes the next parameters something else than the mean of the replies.</summary>
    private static string? WhyNotPlain(CapturedRound round)
    {
        JsonElement request = round.Requests[0];
        string? job = request.GetProperty("job_id").GetString();
        return request.GetProperty("aggregator_args").TryGetProperty("aggregator_name", out JsonElement rule)
                && rule.GetString() is not ("fedavg" or "fedaverage" or "FedAverage" or "FedAvg") ? $"the aggregator is {rule}"
            : request.GetProperty("aggregator_args").EnumerateObject().Any(a => a.Value.ValueKind == JsonValueKind.Object)
                ? "the aggregator has arguments of its own"
            : request.GetProperty("aux_var_urls").ValueKind == JsonValueKind.Array && request.GetProperty("aux_var_urls").GetArrayLength() > 0
                || round.Updates.Any(u => FedAvgReference.HasAuxiliaryVariables(u.File)) ? "optimizers share auxiliary variables"
            : request.GetProperty("secagg_servkey_id").ValueKind != JsonValueKind.Null
                || round.Updates.Any(u => FedAvgReference.IsEncrypted(u.File)) ? "the parameters are encrypted"
            : CapturedBreakpoint.All.Select(b => new CapturedBreakpoint(b))
                .Any(b => b.HasServerOptimizer && b.Job.GetProperty("job_id").GetString() == job) ? "the researcher has an optimizer"
            : null;
    }
}

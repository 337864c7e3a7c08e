namespace FedJob.Rounds;

/// <summary>What a policy allows, whatever the number of participants.</summary>
internal static class RoundPolicyRules
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(45);

    public static void Check(RoundPolicy policy)
    {
        Require(
            policy.Deadline > TimeSpan.Zero && policy.Deadline <= Longest, $"RoundPolicy.Deadline is {policy.Deadline}; allowed: above 0, at most 45 days.");
        Require(
            policy.Grace >= TimeSpan.Zero && policy.Grace <= policy.Deadline,
            $"RoundPolicy.Grace is {policy.Grace} and RoundPolicy.Deadline {policy.Deadline}; the grace must lie between 0 and the deadline.");
        Require(policy.OverSelection is >= 0 and <= 10, $"RoundPolicy.OverSelection is {policy.OverSelection}; allowed: 0 to 10, e.g. 0.3 for 30 % more nodes.");
        Require(policy.Retries is >= 0 and <= 100, $"RoundPolicy.Retries is {policy.Retries}; allowed: 0 to 100.");
        Require(
            policy.PingInterval > TimeSpan.Zero && policy.PingInterval <= TimeSpan.FromDays(1),
            $"RoundPolicy.PingInterval is {policy.PingInterval}; allowed: above 0, at most 1 day.");
        Require(policy.Patience is >= 1 and <= 1000, $"RoundPolicy.Patience is {policy.Patience}; allowed: 1 to 1,000 ping intervals.");
        Require(
            policy.ReturnGrace is null || (policy.ReturnGrace >= TimeSpan.Zero && policy.ReturnGrace <= policy.Deadline),
            $"RoundPolicy.ReturnGrace is {policy.ReturnGrace} and RoundPolicy.Deadline {policy.Deadline}; the grace must lie between 0 and the deadline.");
        Require(policy.DownloadParallelism is >= 1 and <= 64, $"RoundPolicy.DownloadParallelism is {policy.DownloadParallelism}; allowed: 1 to 64.");
        Require(
            policy.DownloadGrace >= TimeSpan.Zero && policy.DownloadGrace <= Longest, $"RoundPolicy.DownloadGrace is {policy.DownloadGrace}; allowed: 0 to 45 days.");
        Require(
            policy.TransferIdleTimeout is null || (policy.TransferIdleTimeout > TimeSpan.Zero && policy.TransferIdleTimeout <= TimeSpan.FromDays(1)),
            $"RoundPolicy.TransferIdleTimeout is {policy.TransferIdleTimeout}; allowed: above 0, at most 1 day.");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new ArgumentException(message);
        }
    }
}

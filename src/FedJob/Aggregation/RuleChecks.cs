using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// Asks a rule what it says to a job or a round before anything is sent. Its refusal passes as it is: an <see cref="AggregationException"/>, or an
/// <see cref="ArgumentException"/> about the arguments. Whatever else it throws is wrapped.
/// </summary>
internal static class RuleChecks
{
    public static void Validate(IAggregator rule, int participants, string? jobId = null, int? round = null)
    {
        try
        {
            rule.Validate(participants);
        }
        catch (Exception thrown) when (thrown is not (FedJobException or ArgumentException))
        {
            throw Failed(rule, $"could not say whether it works with {participants} node(s)", thrown, jobId, round);
        }
    }

    public static void CheckTrainingArgs(IAggregator rule, TrainingArgs trainingArgs, string? jobId = null, int? round = null)
    {
        try
        {
            _ = rule.AdjustTrainingArgs(trainingArgs);
        }
        catch (Exception thrown) when (thrown is not (FedJobException or ArgumentException))
        {
            throw Failed(rule, "could not adjust the training arguments", thrown, jobId, round);
        }
    }

    private static FedJobException Failed(IAggregator rule, string what, Exception thrown, string? jobId, int? round) =>
        new(FedJobErrorCode.ExtensionFailed, $"The aggregator {rule.Name} {what}: it threw {thrown.GetType().Name}: {thrown.Message} Nothing was sent.", thrown)
        {
            JobId = jobId,
            Round = round,
        };
}

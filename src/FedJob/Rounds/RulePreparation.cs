using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Rounds;

/// <summary>Asks the rule of a training round what it wants sent, and puts that beside what the caller gives.</summary>
internal static class RulePreparation
{
    /// <summary>Context and request as the round runs with them; the same ones where the rule wants nothing.</summary>
    public static (RoundContext Context, RoundRequest Request) Apply(
        RoundContext context, RoundRequest request, IReadOnlyList<string> participants, ModelParameters global)
    {
        if (!request.Training)
        {
            return (context, request);
        }

        IAggregator rule = request.Aggregator!;
        try
        {
            // A rule of somebody else's, or a stand-in for one, may give null where it has nothing to say.
            TrainingArgs Adjust(TrainingArgs args)
            {
                TrainingArgs adjusted = rule.AdjustTrainingArgs(args) ?? args;
                adjusted.Validate(training: true);
                return adjusted;
            }

            TrainingArgs trainingArgs = Adjust(request.TrainingArgs ?? context.TrainingArgs);
            request = request with
            {
                TrainingArgs = null,
                NodeTrainingArgs = request.NodeTrainingArgs.ToDictionary(a => a.Key, a => Adjust(a.Value), StringComparer.Ordinal),
            };
            RoundPreparation wanted =
                rule.PrepareRound(new PreparationContext { Round = context.Round, Participants = participants, Global = global }) ?? RoundPreparation.None;
            return (context with { TrainingArgs = trainingArgs }, ReferenceEquals(wanted, RoundPreparation.None) ? request : With(request, wanted, context.Data.Nodes));
        }
        catch (Exception thrown) when (thrown is not FedJobException)
        {
            throw new FedJobException(
                FedJobErrorCode.ExtensionFailed, $"The aggregator {rule.Name} could not prepare the round: {thrown.GetType().Name}: {thrown.Message}", thrown)
            {
                JobId = context.JobId,
                Round = context.Round,
            };
        }
    }

    private static RoundRequest With(RoundRequest request, RoundPreparation wanted, IReadOnlyList<string> nodes)
    {
        RoundRequest both = request with
        {
            AggregatorArguments = request.AggregatorArguments.And(wanted.AggregatorArguments),
            AuxiliaryVariables = request.AuxiliaryVariables.And(wanted.AuxiliaryVariables),
        };
        both.Validate(nodes);
        return both;
    }
}

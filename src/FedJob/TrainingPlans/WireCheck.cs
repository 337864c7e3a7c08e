using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.TrainingPlans;

/// <summary>Refuses arguments that no node would accept when they are given, not when the first round sends them.</summary>
internal static class WireCheck
{
    /// <summary>Checks the arguments by the rules of the train request that will carry them.</summary>
    /// <param name="trainingArgs">The training arguments.</param>
    /// <param name="modelArgs">The arguments of the model.</param>
    /// <param name="owner">What they were given to, for the message.</param>
    /// <exception cref="ArgumentException">A node would refuse them; the message names argument, value and what is accepted.</exception>
    public static void Check(TrainingArgs trainingArgs, JsonObject modelArgs, string owner)
    {
        var request = new TrainRequest
        {
            ResearcherId = "researcher",
            JobId = "job",
            ParametersUrl = "http://repository.test/parameters",
            TrainingArgs = trainingArgs,
            DatasetId = "dataset",
            Training = false,
            ModelArgs = JsonArguments.Copy(modelArgs, $"{owner}.ModelArgs"),
            TrainingPlanUrl = "http://repository.test/plan",
            TrainingPlanClass = "Plan",
            Round = 0,
            AggregatorArgs = [],
        };
        try
        {
            _ = MessageWriter.Write(request);
        }
        catch (MessageFormatException refusal)
        {
            throw new ArgumentException($"{owner}: a node would refuse the arguments. {refusal.Message}", refusal);
        }
    }
}

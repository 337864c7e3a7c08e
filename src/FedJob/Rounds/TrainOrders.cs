using System.Globalization;
using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Rounds;

/// <summary>Builds the train request of every participant; what a request refers to is uploaded on the way.</summary>
internal sealed class TrainOrders(IRequests requests, JobUploads uploads)
{
    public async Task<IReadOnlyList<TrainOrder>> BuildAsync(
        RoundContext context, RoundRequest request, IReadOnlyList<string> participants, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var extras = new RequestExtras(uploads, context.Directory);
        Uri? sharedVariables = await extras.SharedVariablesAsync(request.AuxiliaryVariables, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, string> properties = PropertiesOf(context);
        var orders = new List<TrainOrder>(participants.Count);
        foreach (string nodeId in participants)
        {
            Uri? ownVariables = await extras.OwnVariablesAsync(request.AuxiliaryVariables, nodeId, cancellationToken).ConfigureAwait(false);
            string[] variables = [.. new[] { sharedVariables, ownVariables }.OfType<Uri>().Select(u => u.AbsoluteUri)];
            orders.Add(new TrainOrder(
                new TrainTicket(nodeId, requests.NewRequestId(), context.JobId, context.Round) { Deadline = deadline },
                RequestOf(context, request, nodeId) with
                {
                    AggregatorArgs = await extras.ArgumentsOfAsync(request.AggregatorArguments, nodeId, cancellationToken).ConfigureAwait(false),
                    AuxiliaryVariableUrls = variables.Length > 0 ? variables : null,
                },
                properties));
        }

        return orders;
    }

    private TrainRequest RequestOf(RoundContext context, RoundRequest request, string nodeId) => new()
    {
        ResearcherId = requests.ResearcherId,
        JobId = context.JobId,
        StateId = context.StateIds.GetValueOrDefault(nodeId),
        ParametersUrl = context.Parameters.Url.AbsoluteUri,
        TrainingArgs = context.TrainingArgs,
        DatasetId = context.Data.Datasets[nodeId].DatasetId,
        Training = request.Training,
        ModelArgs = context.ModelArgs,
        TrainingPlanUrl = context.TrainingPlanUrl.AbsoluteUri,
        TrainingPlanClass = context.TrainingPlanClass,
        SecaggServerKeyId = request.SecureAggregation?.ServerKeyId,
        SecaggBiprimeId = request.SecureAggregation?.BiprimeId,
        SecaggRandom = request.SecureAggregation?.Random,
        SecaggClippingRange = request.SecureAggregation?.ClippingRange,
        Round = context.Round,
        AggregatorArgs = [],
    };

    /// <summary>What FedJob nodes are told beside the message.</summary>
    private static Dictionary<string, string> PropertiesOf(RoundContext context) => new(StringComparer.Ordinal)
    {
        [WireProperties.ParametersDigest] = context.Parameters.Digest.ToString(),
        [WireProperties.TrainingPlanDigest] = context.TrainingPlanDigest.ToString(),
        [WireProperties.Seed] = context.Seed.ToString(CultureInfo.InvariantCulture),
    };
}

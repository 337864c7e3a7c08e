using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Rounds;

/// <summary>Builds the train requests of one round; what a request refers to is uploaded on the way, what all share once.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Who still waits for the turn when the round ends must get it; the semaphore holds nothing that needs release.")]
internal sealed class TrainOrders(IRequests requests, JobUploads uploads, RoundContext context, RoundRequest request, TimeSpan deadline)
{
    private readonly RequestExtras _extras = new(uploads, context.Directory);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<string, string> _properties = PropertiesOf(context);

    /// <summary>Builds the request of one node.</summary>
    public async Task<TrainOrder> BuildAsync(string nodeId, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await BuildOneAsync(nodeId, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<TrainOrder> BuildOneAsync(string nodeId, CancellationToken cancellationToken)
    {
        Uri? sharedVariables = await _extras.SharedVariablesAsync(request.AuxiliaryVariables, cancellationToken).ConfigureAwait(false);
        Uri? ownVariables = await _extras.OwnVariablesAsync(request.AuxiliaryVariables, nodeId, cancellationToken).ConfigureAwait(false);
        string[] variables = [.. new[] { sharedVariables, ownVariables }.OfType<Uri>().Select(u => u.AbsoluteUri)];
        return new TrainOrder(
            new TrainTicket(nodeId, requests.NewRequestId(), context.JobId, context.Round) { Deadline = deadline },
            RequestOf(nodeId) with
            {
                AggregatorArgs = await _extras.ArgumentsOfAsync(request.AggregatorArguments, nodeId, cancellationToken).ConfigureAwait(false),
                AuxiliaryVariableUrls = variables.Length > 0 ? variables : null,
            },
            _properties);
    }

    private TrainRequest RequestOf(string nodeId) => new()
    {
        ResearcherId = requests.ResearcherId,
        JobId = context.JobId,
        StateId = context.StateIds.GetValueOrDefault(nodeId),
        ParametersUrl = context.Parameters.Url.AbsoluteUri,
        TrainingArgs = request.NodeTrainingArgs.GetValueOrDefault(nodeId) ?? request.TrainingArgs ?? context.TrainingArgs,
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

using FedJob.Messaging;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Loop;

/// <summary>Waits, within a bound, until enough nodes of a job are there.</summary>
internal sealed partial class NodeAvailability(IRequests requests, TimeProvider timeProvider, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Looks until enough nodes are there or the wait is over; at least once. Each look is bounded by the search window of the requests.</summary>
    /// <param name="data">The nodes, with the datasets they must hold.</param>
    /// <param name="needed">How many are needed.</param>
    /// <param name="options">How long, how often.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The nodes that are there.</returns>
    /// <exception cref="TooFewNodesException">Fewer are there when the wait is over.</exception>
    public async Task<FederatedDataset> WaitAsync(FederatedDataset data, int needed, RunOptions options, CancellationToken cancellationToken)
    {
        long began = timeProvider.GetTimestamp();
        using var over = new CancellationTokenSource(options.AvailabilityWait, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        IReadOnlyList<string> there = [];
        MessagingException? unreachable = null;
        CancellationToken look = cancellationToken; // the first look is taken also where there is no time to wait
        try
        {
            while (true)
            {
                try
                {
                    (there, unreachable) = (await LookAsync(data, needed, look).ConfigureAwait(false), null);
                    if (there.Count >= needed)
                    {
                        return data.Only(there);
                    }
                }
                catch (MessagingException failure)
                {
                    // The link may come back within the wait; if not, the exception at its end says why.
                    unreachable = failure;
                }

                LogWaiting(there.Count, needed);
                look = either.Token;
                await Task.Delay(options.AvailabilityInterval, timeProvider, look).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TooFewNodesException(
                $"{needed} of the job's {data.Nodes.Count} node(s) must be there for a round (RunOptions.MinimumAvailableNodes), and {there.Count} were when the wait of "
                + $"{options.AvailabilityWait} was over{(there.Count > 0 ? $": {string.Join(", ", there)}" : string.Empty)}. Start nodes, wait longer or lower the number.",
                needed,
                there,
                unreachable)
            { Elapsed = timeProvider.GetElapsedTime(began) };
        }
    }

    /// <summary>Who answers, and where that is enough: who of them still holds its dataset.</summary>
    private async Task<IReadOnlyList<string>> LookAsync(FederatedDataset data, int needed, CancellationToken cancellationToken)
    {
        IReadOnlyList<NodePong> pongs = await requests.PingAsync(data.Nodes, cancellationToken).ConfigureAwait(false);
        string[] answered = [.. data.Nodes.Where(n => pongs.Any(p => p.NodeId == n))];
        if (answered.Length < needed)
        {
            return answered;
        }

        IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>> held = await requests.ListAsync(answered, cancellationToken).ConfigureAwait(false);
        return [.. answered.Where(n => held.TryGetValue(n, out IReadOnlyList<DatasetEntry>? own) && own.Any(d => d.DatasetId == data.Datasets[n].DatasetId))];
    }

    [LoggerMessage(1041, LogLevel.Information, "{Available} of the {Needed} node(s) that a round needs are there; waiting for the others")]
    private partial void LogWaiting(int available, int needed);
}

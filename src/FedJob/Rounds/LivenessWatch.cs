using FedJob.Messaging;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>Pings the nodes that have not replied yet, and tells which of them have shown no life for the policy's patience.</summary>
internal sealed partial class LivenessWatch(IRequests requests, RoundPolicy policy, TimeProvider timeProvider, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Watches until it is cancelled.</summary>
    /// <param name="awaited">The nodes that have not replied yet; called from another thread than the collector's.</param>
    /// <param name="lost">Told each node that is lost, once an interval until it is awaited no more.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async Task RunAsync(Func<IReadOnlyList<string>> awaited, Action<string> lost, CancellationToken cancellationToken)
    {
        var missed = new Dictionary<string, int>(StringComparer.Ordinal);

        // The pings sent at the ticks before the last one decide at the last one, so that patience x interval after its last sign of life a node is lost.
        int misses = Math.Max(1, policy.Patience - 1);
        using var ticks = new PeriodicTimer(policy.PingInterval, timeProvider);
        while (await ticks.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            string[] gone = [.. awaited().Where(id => missed.GetValueOrDefault(id) >= misses)];
            Array.ForEach(gone, lost);
            IReadOnlyList<string> nodes = [.. awaited().Except(gone, StringComparer.Ordinal)];
            if (nodes.Count > 0 && await PingAsync(nodes, cancellationToken).ConfigureAwait(false) is { } alive)
            {
                foreach (string nodeId in nodes)
                {
                    missed[nodeId] = alive.Contains(nodeId) ? 0 : missed.GetValueOrDefault(nodeId) + 1;
                    if (missed[nodeId] >= policy.Patience)
                    {
                        lost(nodeId);
                    }
                }
            }
        }
    }

    /// <summary>Whether one node answers a ping now.</summary>
    public async Task<bool> IsAliveAsync(string nodeId, CancellationToken cancellationToken) =>
        await PingAsync([nodeId], cancellationToken).ConfigureAwait(false) is { Count: > 0 };

    private async Task<HashSet<string>?> PingAsync(IReadOnlyList<string> nodes, CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<NodePong> pongs = await requests.PingAsync(nodes, cancellationToken).ConfigureAwait(false);
            if (requests.ConnectionState == ConnectionState.Open)
            {
                return [.. pongs.Select(p => p.NodeId)];
            }

            LogCannotPing($"the connection is {requests.ConnectionState}");
        }
        catch (MessagingException unreachable)
        {
            LogCannotPing(unreachable.Message);
        }

        // While our own link is down nothing can be said of the nodes.
        return null;
    }

    [LoggerMessage(1120, LogLevel.Debug, "Nodes could not be pinged: {Reason}")]
    private partial void LogCannotPing(string reason);
}

using System.Collections.Concurrent;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>
/// Watches the nodes that have not replied yet, and our own link: FedJob nodes by their presence at the broker, all nodes by pings. A last will is only
/// believed when the node does not answer a ping either, since anybody can say it.
/// </summary>
internal sealed partial class LivenessWatch(IRequests requests, RoundPolicy policy, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>A node whose last will came is known to be lost within a second.</summary>
    private static readonly TimeSpan WillPatience = TimeSpan.FromMilliseconds(700);

    private readonly ConcurrentDictionary<string, int> _missed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _leaving = new(StringComparer.Ordinal);
    private readonly ILogger _logger = logger;

    /// <summary>Watches until it is cancelled.</summary>
    /// <param name="awaited">The nodes that have not replied yet; called from another thread than the collector's.</param>
    /// <param name="isAwaited">Whether a node is one of them: asked of each presence, of which thousands may come at once.</param>
    /// <param name="tell">Told what happened.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async Task RunAsync(
        Func<IReadOnlyList<string>> awaited, Predicate<string> isAwaited, Action<CollectorSignal> tell, CancellationToken cancellationToken)
    {
        void OnState(object? sender, ConnectionStateChangedEventArgs change)
        {
            if (change.Current == ConnectionState.Open)
            {
                tell(new CollectorSignal(CollectorSignal.Kinds.LinkRestored));
            }
        }

        requests.ConnectionStateChanged += OnState;
        try
        {
            await Task.WhenAll(PingEachIntervalAsync(awaited, tell, cancellationToken), ReadPresenceAsync(isAwaited, tell, cancellationToken))
                .ConfigureAwait(false);
        }
        finally
        {
            requests.ConnectionStateChanged -= OnState;
        }
    }

    /// <summary>Whether one node answers a ping now.</summary>
    public async Task<bool> IsAliveAsync(string nodeId, CancellationToken cancellationToken) =>
        await PingAsync([nodeId], cancellationToken).ConfigureAwait(false) is { Count: > 0 };

    /// <summary>Notes that a node has said it goes down: if it answers a ping sent after that, it has come back. It is no missed ping, for anybody can say it.</summary>
    public void Suspect(string nodeId) => _leaving[nodeId] = 0;

    private async Task PingEachIntervalAsync(Func<IReadOnlyList<string>> awaited, Action<CollectorSignal> tell, CancellationToken cancellationToken)
    {
        // The pings sent at the ticks before the last one decide at the last one, so that patience x interval after its last sign of life a node is lost.
        int misses = Math.Max(1, policy.Patience - 1);
        using var ticks = new PeriodicTimer(policy.PingInterval, timeProvider);
        while (await ticks.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            tell(new CollectorSignal(CollectorSignal.Kinds.Tick));
            IReadOnlyList<string> nodes = awaited();
            foreach (string gone in nodes.Where(id => _missed.GetValueOrDefault(id) >= misses))
            {
                TellLost(gone, tell);
            }

            string[] leaving = [.. _leaving.Keys];
            if (nodes.Count == 0 || await PingAsync(nodes, cancellationToken).ConfigureAwait(false) is not { } alive)
            {
                continue;
            }

            foreach (string nodeId in nodes)
            {
                if (!alive.Contains(nodeId))
                {
                    _missed.AddOrUpdate(nodeId, 1, (_, missed) => missed + 1);
                    if (policy.Patience == 1)
                    {
                        TellLost(nodeId, tell);
                    }
                }
                else if ((leaving.Contains(nodeId) && _leaving.TryRemove(nodeId, out _)) | (_missed.TryRemove(nodeId, out int missed) && missed > 0))
                {
                    tell(new CollectorSignal(CollectorSignal.Kinds.NodeReturned) { NodeId = nodeId });
                }
            }
        }
    }

    private async Task ReadPresenceAsync(Predicate<string> isAwaited, Action<CollectorSignal> tell, CancellationToken cancellationToken)
    {
        using Subscription<NodePresence> presence = requests.SubscribeToPresence();
        var checks = new List<Task>();
        try
        {
            await foreach (NodePresence node in presence.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                checks.RemoveAll(c => c.IsCompletedSuccessfully);
                if (!isAwaited(node.NodeId))
                {
                    continue;
                }

                if (node.IsOnline)
                {
                    _missed.TryRemove(node.NodeId, out _);
                    tell(new CollectorSignal(CollectorSignal.Kinds.NodeReturned) { NodeId = node.NodeId });
                }
                else
                {
                    checks.Add(CheckWillAsync(node.NodeId, tell, cancellationToken));
                }
            }
        }
        finally
        {
            await Task.WhenAll(checks).ConfigureAwait(false);
        }
    }

    private async Task CheckWillAsync(string nodeId, Action<CollectorSignal> tell, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(WillPatience, timeProvider);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (await PingAsync([nodeId], stop.Token).ConfigureAwait(false) is { Count: > 0 })
            {
                return;
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // No answer in time: the will is true.
        }

        _missed[nodeId] = policy.Patience;
        tell(new CollectorSignal(CollectorSignal.Kinds.NodeLost) { NodeId = nodeId, Text = "its connection to the broker broke off" });
    }

    private void TellLost(string nodeId, Action<CollectorSignal> tell) => tell(new CollectorSignal(CollectorSignal.Kinds.NodeLost)
    {
        NodeId = nodeId,
        Text = $"it answered no ping for {policy.Patience} x {policy.PingInterval}",
    });

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

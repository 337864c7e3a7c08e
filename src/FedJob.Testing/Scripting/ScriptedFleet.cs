using FedJob.Abstractions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Testing.Scripting;

/// <summary>
/// Runs <see cref="ScriptedNode"/>s: connects them to a broker, each over its own connection or many over one, so that thousands fit into a
/// process.
/// </summary>
public sealed class ScriptedFleet : IAsyncDisposable
{
    private readonly FleetContext _context;
    private readonly Dictionary<string, ScriptedSeat> _seats = new(StringComparer.Ordinal);
    private readonly HashSet<string> _alone = new(StringComparer.Ordinal);
    private int _disposed;

    private ScriptedFleet(IReadOnlyList<ScriptedNode> nodes, FleetContext context) => (Nodes, _context) = (nodes, context);

    /// <summary>The nodes, in the order they were given.</summary>
    public IReadOnlyList<ScriptedNode> Nodes { get; }

    /// <summary>How many connections to the broker the nodes have when none has crashed.</summary>
    public int ConnectionCount => _seats.Values.Distinct().Count();

    /// <summary>Starts nodes; all are connected when this returns.</summary>
    /// <param name="options">Where they connect; not to be changed afterwards.</param>
    /// <param name="nodes">The nodes; each runs in one fleet only.</param>
    /// <param name="loggers">Where they log. Default: nowhere.</param>
    /// <param name="timeProvider">The clock of reply times and of the links. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the start; nothing is left behind.</param>
    /// <returns>The running fleet.</returns>
    /// <exception cref="ArgumentException">An option is not allowed, or two nodes have one id.</exception>
    /// <exception cref="FedJobException">An option of the broker or the repository is not allowed, or the broker cannot be
    /// reached.</exception>
    public static async Task<ScriptedFleet> StartAsync(
        ScriptedFleetOptions options,
        IEnumerable<ScriptedNode> nodes,
        ILoggerFactory? loggers = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(nodes);
        options.Check();
        ScriptedNode[] all = [.. nodes];
        if (all.GroupBy(node => node.NodeId, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Two scripted nodes have the id '{twice.Key}'; each needs one of its own.", nameof(nodes));
        }

        var context = new FleetContext(options, loggers ?? NullLoggerFactory.Instance, timeProvider ?? TimeProvider.System);
        var fleet = new ScriptedFleet(all, context);
        try
        {
            fleet.Seat();
            foreach (ScriptedSeat seat in fleet._seats.Values.Distinct())
            {
                await seat.ConnectAsync(cancellationToken).ConfigureAwait(false);
            }

            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Cuts a node's connection without a goodbye, as kill -9 of its process: the broker publishes its last will.</summary>
    /// <param name="nodeId">The node; one with a connection of its own.</param>
    /// <param name="cancellationToken">Ends the wait for a start or end of it that is under way.</param>
    /// <returns>A task that ends when the connection is cut.</returns>
    /// <exception cref="ArgumentException">The fleet has no such node.</exception>
    /// <exception cref="InvalidOperationException">The node shares its connection with others.</exception>
    public Task CrashAsync(string nodeId, CancellationToken cancellationToken) => OwnSeat(nodeId).CrashAsync(cancellationToken);

    /// <summary>Connects a crashed node again, as restarted by its owner; its finished replies are still there.</summary>
    /// <param name="nodeId">The node; one with a connection of its own.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A task that ends when it is connected.</returns>
    /// <exception cref="ArgumentException">The fleet has no such node.</exception>
    /// <exception cref="InvalidOperationException">The node shares its connection with others.</exception>
    public Task RestartAsync(string nodeId, CancellationToken cancellationToken) => OwnSeat(nodeId).ConnectAsync(cancellationToken);

    /// <summary>Says goodbye for all nodes and ends them. May be called more than once.</summary>
    /// <returns>A task that ends when nothing of them runs any more.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await Task.WhenAll(_seats.Values.Distinct().Select(seat => seat.DisposeAsync().AsTask())).ConfigureAwait(false);
            await _context.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Seat()
    {
        ScriptedNode[] crashing = [.. Nodes.Where(node => !node.Script.Crashes.IsEmpty)];
        IEnumerable<ScriptedNode[]> groups =
            [.. crashing.Select(node => new[] { node }), .. Nodes.Except(crashing).Chunk(_context.Options.NodesPerConnection)];
        foreach (ScriptedNode[] group in groups)
        {
            var seat = new ScriptedSeat(group, _context);
            foreach (ScriptedNode node in group)
            {
                _seats[node.NodeId] = seat;
            }

            if (group.Length == 1)
            {
                _alone.Add(group[0].NodeId);
            }
        }
    }

    private ScriptedSeat OwnSeat(string nodeId)
    {
        ArgumentNullException.ThrowIfNull(nodeId);
        if (!_seats.TryGetValue(nodeId, out ScriptedSeat? seat))
        {
            throw new ArgumentException($"The fleet has no node '{nodeId}'.", nameof(nodeId));
        }

        return _alone.Contains(nodeId) ? seat : throw new InvalidOperationException(
            $"Node '{nodeId}' shares its connection with others; with ScriptedFleetOptions.NodesPerConnection 1 each has its own.");
    }
}

using System.Net;
using System.Net.Sockets;
using FedJob.Testing.Signals;

namespace FedJob.Testing.Faults;

/// <summary>
/// A TCP proxy on loopback that stands before a broker or a repository and spoils the connections through it as it is told, at any
/// moment and for each connection: cut, refuse, delay, throttle, black-hole, corrupt, duplicate, flap. Chance is seeded and time injected.
/// </summary>
/// <example><code>
/// await using var proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = federation.Broker.Port });
/// options.Broker.Port = proxy.Port;
/// ...
/// proxy.Set(new LinkFaults { BytesPerSecond = 1 });   // all connections, open ones too
/// proxy.Set(3, new LinkFaults { BlackHole = true });  // the third connection, now or when it comes
/// proxy.Cut(CutKind.Reset);                           // all that are open
/// </code></example>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly FaultProxyOptions _options;
    private readonly Tally<FaultProxyCounters> _tally = new(FaultProxyCounters.None);
    private readonly ProxyListener _listener;
    private ITimer? _flapping;
    private int _disposed;

    private FaultProxy(FaultProxyOptions options, Socket listener)
    {
        _options = options;
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _listener = new ProxyListener(options, listener, _tally);
    }

    /// <summary>The port on 127.0.0.1 that clients connect to.</summary>
    public int Port { get; }

    /// <summary>What passed through so far.</summary>
    public FaultProxyCounters Counters => _tally.Now;

    /// <summary>The numbers of the connections open now; the first one accepted has the number 1.</summary>
    public IReadOnlyList<int> OpenConnections => [.. _listener.Open.Select(connection => connection.Number).Order()];

    /// <summary>Starts a proxy; it listens when this returns.</summary>
    /// <param name="options">Where it stands; not to be changed afterwards.</param>
    /// <returns>The proxy, without faults.</returns>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    /// <exception cref="SocketException">The port is taken.</exception>
    public static FaultProxy Start(FaultProxyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, options.Port));
            listener.Listen();
            return new FaultProxy(options, listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Switches the faults of all connections, open and to come; what was set for single ones is forgotten.</summary>
    /// <param name="faults">What is wrong from now on; <see cref="LinkFaults.None"/> for nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value in it is not allowed.</exception>
    public void Set(LinkFaults faults)
    {
        ArgumentNullException.ThrowIfNull(faults);
        faults.Check();
        _listener.Set(faults);
    }

    /// <summary>Switches the faults of one connection, open or to come; the others keep theirs.</summary>
    /// <param name="connection">Its number: 1 for the first one accepted, 2 for the second, and so on.</param>
    /// <param name="faults">What is wrong with it from now on.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1, or a value in the faults is not allowed.</exception>
    public void Set(int connection, LinkFaults faults)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(connection, 1);
        ArgumentNullException.ThrowIfNull(faults);
        faults.Check();
        _listener.Set(connection, faults);
    }

    /// <summary>Cuts all connections open now; new ones are accepted.</summary>
    /// <param name="kind">How they are cut.</param>
    /// <returns>How many were open.</returns>
    public int Cut(CutKind kind = CutKind.Reset)
    {
        ProxiedConnection[] open = [.. _listener.Open];
        Array.ForEach(open, connection => connection.Cut(kind));
        return open.Length;
    }

    /// <summary>Cuts all open connections again and again, until it is told otherwise.</summary>
    /// <param name="period">The time from one cut to the next, above 0; <see langword="null"/> ends it.</param>
    /// <param name="kind">How they are cut.</param>
    /// <exception cref="ArgumentOutOfRangeException">The period is not above 0.</exception>
    public void Flap(TimeSpan? period, CutKind kind = CutKind.Reset)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (period <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(period), period, "The period of flapping must be above 0.");
        }

        lock (_gate)
        {
            _flapping?.Dispose();
            _flapping = period is { } time ? _options.TimeProvider.CreateTimer(_ => Cut(kind), null, time, time) : null;
        }
    }

    /// <summary>Runs a script: one step after another.</summary>
    /// <param name="steps">The steps; the faults of the last one stay.</param>
    /// <param name="cancellationToken">Ends the script; the faults stay as they are then.</param>
    /// <returns>A task that ends with the last step.</returns>
    public async Task PlayAsync(IReadOnlyList<FaultStep> steps, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(steps);
        foreach (FaultStep step in steps)
        {
            await Task.Delay(step.After, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            Set(step.Faults);
            if (step.Cut is { } kind)
            {
                Cut(kind);
            }
        }
    }

    /// <summary>Waits for something to have passed through; a signal, no polling.</summary>
    /// <param name="isReached">Whether the counters are as wanted; short, and called at each change of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The counters as they were when it was reached.</returns>
    public Task<FaultProxyCounters> WaitForAsync(Func<FaultProxyCounters, bool> isReached, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isReached);
        return _tally.WaitAsync(isReached, cancellationToken);
    }

    /// <summary>Stops listening and resets what is open. May be called more than once.</summary>
    /// <returns>A task that ends when nothing of it runs any more.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        lock (_gate)
        {
            _flapping?.Dispose();
        }

        await _listener.DisposeAsync().ConfigureAwait(false);
    }
}

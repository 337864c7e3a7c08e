using System.Net.Sockets;
using FedJob.Testing.Signals;

namespace FedJob.Testing.Faults;

/// <summary>One connection through a proxy: the client's socket, the target's, and a pump each way.</summary>
internal sealed class ProxiedConnection
{
    private readonly Lock _gate = new();
    private readonly FaultProxyOptions _options;
    private readonly Tally<FaultProxyCounters> _tally;
    private readonly FaultSwitch _own;
    private readonly Socket _client;
    private Socket? _target;
    private bool _isOver;

    public ProxiedConnection(int number, Socket client, FaultProxyOptions options, Tally<FaultProxyCounters> tally, FaultSwitch faults) =>
        (Number, _client, _options, _tally, _own) = (number, client, options, tally, faults);

    public int Number { get; }

    /// <summary>What is wrong with it now.</summary>
    public FaultSwitch.State Faults => _own.Current;

    public void Set(LinkFaults faults)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _own.Set(faults);
            }
        }
    }

    /// <summary>Serves until both ways have ended or it is cut.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            _client.NoDelay = true;
            LinkFaults faults = Faults.Faults;
            bool isHole = faults is { BlackHole: true, Direction: FaultDirection.Both };
            if (faults.Refuse || (!isHole && !await ConnectAsync(cancellationToken).ConfigureAwait(false)))
            {
                Refuse();
                return;
            }

            await PumpAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // An end went away, the connection was cut, or the proxy ends: the other end sees the same.
            End(CutKind.Reset);
        }
        finally
        {
            End(CutKind.Finish);
        }
    }

    /// <summary>Cuts it, if it is not over yet.</summary>
    public void Cut(CutKind kind) => End(kind, c => c with { Cut = c.Cut + 1 });

    /// <summary>Resets it and counts it as refused.</summary>
    public void Refuse() => End(CutKind.Reset, c => c with { Refused = c.Refused + 1 });

    private async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var target = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        lock (_gate)
        {
            _target = target;
            if (_isOver)
            {
                target.Dispose();
            }
        }

        try
        {
            await target.ConnectAsync(_options.TargetHost, _options.TargetPort, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is SocketException || limit.IsCancellationRequested)
        {
            // Nobody behind the proxy: the client is refused, as it would be there.
            return false;
        }
    }

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        Task there = Pump(FaultDirection.ToTarget).RunAsync(_client, _target, cancellationToken);
        Task back = _target is null ? Task.CompletedTask : Pump(FaultDirection.ToClient).RunAsync(_target, _client, cancellationToken);
        Task first = await Task.WhenAny(there, back).ConfigureAwait(false);
        if (!first.IsCompletedSuccessfully)
        {
            // One end failed: nothing the other way can be of use.
            End(CutKind.Reset);
        }

        await Task.WhenAll(there, back).ConfigureAwait(false);
    }

    private FaultPump Pump(FaultDirection way)
    {
        // Alike for the same seed and connection, whatever the other connections do.
        int seed = unchecked((((_options.Seed * 397) ^ Number) * 397) ^ (int)way);
        return new FaultPump(this, way, _options.TimeProvider, _tally, new Random(seed));
    }

    private void End(CutKind kind, Func<FaultProxyCounters, FaultProxyCounters>? count = null)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            if (count is not null)
            {
                // Before the ends can see it: who sees a cut finds it counted.
                _tally.Add(count);
            }

            // Whoever waits because of a fault is to notice the end.
            _own.Set(LinkFaults.None);
            Close(_client, kind);
            if (_target is not null)
            {
                Close(_target, kind);
            }
        }
    }

    private static void Close(Socket socket, CutKind kind)
    {
        try
        {
            if (kind == CutKind.Reset)
            {
                // Closing without lingering drops what is unsent and sends a reset.
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            else if (socket.Connected)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // It is closed already at the other end, which is all this is for.
        }

        socket.Dispose();
    }
}

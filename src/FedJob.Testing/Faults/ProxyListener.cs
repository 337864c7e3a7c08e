using System.Collections.Concurrent;
using System.Net.Sockets;
using FedJob.Testing.Signals;

namespace FedJob.Testing.Faults;

/// <summary>Accepts a proxy's connections, numbers them, gives each its faults and serves it.</summary>
internal sealed class ProxyListener : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly FaultProxyOptions _options;
    private readonly Socket _listener;
    private readonly Tally<FaultProxyCounters> _tally;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, (ProxiedConnection Connection, Task Served)> _open = new();
    private readonly Dictionary<int, LinkFaults> _ofNumber = [];
    private readonly Task _accepting;
    private LinkFaults _ofAll = LinkFaults.None;

    public ProxyListener(FaultProxyOptions options, Socket listener, Tally<FaultProxyCounters> tally)
    {
        (_options, _listener, _tally) = (options, listener, tally);
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>The connections open now.</summary>
    public IEnumerable<ProxiedConnection> Open => _open.Values.Select(entry => entry.Connection);

    /// <summary>Switches the faults of all, open and to come.</summary>
    public void Set(LinkFaults faults)
    {
        lock (_gate)
        {
            _ofAll = faults;
            _ofNumber.Clear();
            foreach (ProxiedConnection connection in Open)
            {
                connection.Set(faults);
            }
        }
    }

    /// <summary>Switches the faults of one, open or to come.</summary>
    public void Set(int number, LinkFaults faults)
    {
        lock (_gate)
        {
            _ofNumber[number] = faults;
            if (_open.TryGetValue(number, out var entry))
            {
                entry.Connection.Set(faults);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_open.Values.Select(entry => entry.Served)).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        for (int number = 1; !_stopping.IsCancellationRequested;)
        {
            try
            {
                Socket client = await _listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                Begin(number++, client);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The client was gone again before it was accepted.
            }
        }
    }

    private void Begin(int number, Socket client)
    {
        lock (_gate)
        {
            LinkFaults faults = _ofNumber.GetValueOrDefault(number, _ofAll);
            var connection = new ProxiedConnection(number, client, _options, _tally, new FaultSwitch(faults));
            bool hasRoom = _open.Count < _options.MaximumConnections;
            _tally.Add(c => c with { Accepted = c.Accepted + 1, Open = c.Open + 1 });

            // It takes itself off the list, for which it has to be on it: so it begins elsewhere, after this lock.
            _open[number] = (connection, Task.Run(() => ServeAsync(connection, hasRoom)));
        }
    }

    private async Task ServeAsync(ProxiedConnection connection, bool hasRoom)
    {
        try
        {
            if (hasRoom)
            {
                await connection.RunAsync(_stopping.Token).ConfigureAwait(false);
            }
            else
            {
                connection.Refuse();
            }
        }
        finally
        {
            lock (_gate)
            {
                _open.TryRemove(connection.Number, out _);
            }

            _tally.Add(c => c with { Open = c.Open - 1 });
        }
    }
}

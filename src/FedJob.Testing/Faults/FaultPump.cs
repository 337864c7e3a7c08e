using System.Buffers;
using System.Net.Sockets;
using FedJob.Testing.Signals;

namespace FedJob.Testing.Faults;

/// <summary>One way of a connection: reads, spoils as it is told at that moment, and forwards.</summary>
internal sealed class FaultPump
{
    private const int BufferBytes = 64 * 1024;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    private readonly ProxiedConnection _connection;
    private readonly FaultDirection _way;
    private readonly TimeProvider _timeProvider;
    private readonly Tally<FaultProxyCounters> _tally;
    private readonly Random _random;
    private long _read;
    private long _forwarded;
    private long _nextFlip = -1;
    private double _flipChance;
    private bool _isHole;

    public FaultPump(
        ProxiedConnection connection, FaultDirection way, TimeProvider timeProvider, Tally<FaultProxyCounters> tally, Random random) =>
        (_connection, _way, _timeProvider, _tally, _random) = (connection, way, timeProvider, tally, random);

    /// <summary>Forwards until the source ends, which the sink is told, or the connection is cut.</summary>
    /// <param name="source">Read from.</param>
    /// <param name="sink">Written to; null where nobody is behind the proxy.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Socket source, Socket? sink, CancellationToken cancellationToken)
    {
        _isHole = sink is null;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int count;
            while ((count = await source.ReceiveAsync(buffer.AsMemory(0, BufferBytes), cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (!await PassAsync(buffer.AsMemory(0, count), sink, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            if (!_isHole)
            {
                sink!.Shutdown(SocketShutdown.Send);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private LinkFaults Faults(FaultSwitch.State state) => state.Faults.Concern(_way) ? state.Faults : LinkFaults.None;

    private async Task<bool> PassAsync(Memory<byte> chunk, Socket? sink, CancellationToken cancellationToken)
    {
        FaultSwitch.State state = _connection.Faults;
        LinkFaults faults = Faults(state);
        if (faults.Delay > TimeSpan.Zero)
        {
            await WaitAsync(state, faults.Delay, cancellationToken).ConfigureAwait(false);
            faults = Faults(_connection.Faults);
        }

        _isHole |= faults.BlackHole;
        if (_isHole)
        {
            _tally.Add(c => c with { BytesSwallowed = c.BytesSwallowed + chunk.Length });
            return true;
        }

        Corrupt(chunk.Span, faults);
        int copies = faults.DuplicateProbability > 0 && _random.NextDouble() < faults.DuplicateProbability ? 2 : 1;
        for (int copy = 0; copy < copies; copy++)
        {
            if (!await ForwardAsync(chunk, sink!, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        if (copies > 1)
        {
            _tally.Add(c => c with { ChunksDuplicated = c.ChunksDuplicated + 1 });
        }

        return true;
    }

    private async Task<bool> ForwardAsync(ReadOnlyMemory<byte> chunk, Socket sink, CancellationToken cancellationToken)
    {
        while (chunk.Length > 0)
        {
            FaultSwitch.State state = _connection.Faults;
            LinkFaults faults = Faults(state);
            int size = chunk.Length;
            if (faults.BytesPerSecond is { } rate)
            {
                size = (int)Math.Min(size, Math.Max(1, rate * Slice.TotalSeconds));
                TimeSpan pause = rate == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds((double)size / rate);
                if (!await WaitAsync(state, pause, cancellationToken).ConfigureAwait(false))
                {
                    continue;
                }
            }

            if (faults.CutAfterBytes is { } limit)
            {
                size = (int)Math.Min(size, Math.Max(0, limit - _forwarded));
                if (size == 0)
                {
                    _connection.Cut(faults.CutKind);
                    return false;
                }
            }

            _forwarded += size;
            _tally.Add(c => _way == FaultDirection.ToTarget
                ? c with { BytesToTarget = c.BytesToTarget + size }
                : c with { BytesToClient = c.BytesToClient + size });
            await sink.SendAsync(chunk[..size], cancellationToken).ConfigureAwait(false);
            chunk = chunk[size..];
        }

        return true;
    }

    /// <summary>Waits; false when the faults changed first.</summary>
    private async Task<bool> WaitAsync(FaultSwitch.State state, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await state.Changed.WaitAsync(time, _timeProvider, cancellationToken).ConfigureAwait(false);
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private void Corrupt(Span<byte> chunk, LinkFaults faults)
    {
        long corrupted = 0;
        if (faults.CorruptAtOffset is { } offset && offset >= _read && offset < _read + chunk.Length)
        {
            chunk[(int)(offset - _read)] ^= 0xFF;
            corrupted++;
        }

        if (faults.CorruptProbability != _flipChance)
        {
            _flipChance = faults.CorruptProbability;
            _nextFlip = _read - 1 + Gap();
        }

        for (; _flipChance > 0 && _nextFlip < _read + chunk.Length; _nextFlip += Gap())
        {
            chunk[(int)(_nextFlip - _read)] ^= (byte)(1 << _random.Next(8));
            corrupted++;
        }

        _read += chunk.Length;
        if (corrupted > 0)
        {
            _tally.Add(c => c with { BytesCorrupted = c.BytesCorrupted + corrupted });
        }
    }

    /// <summary>How far the next flipped byte is from the last: geometric, so that one draw a flip is enough.</summary>
    private long Gap() => _flipChance switch
    {
        <= 0 => 0,
        >= 1 => 1,
        _ => 1 + (long)Math.Min(1e15, Math.Log(1 - _random.NextDouble()) / Math.Log(1 - _flipChance)),
    };
}

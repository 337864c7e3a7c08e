using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Protocol.Storage;

/// <summary>A clock that stands still and tells which pauses were begun, apart from idle watches.</summary>
internal sealed class PauseClock(TimeSpan idleTimeout) : FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero))
{
    private readonly Channel<TimeSpan> _pauses = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Waits for the next pause, tells its length, and lets it pass.</summary>
    public async Task<TimeSpan> PassPauseAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = await _pauses.Reader.ReadAsync(cancellationToken);
        Advance(pause);
        return pause;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != idleTimeout && dueTime > TimeSpan.Zero)
        {
            _pauses.Writer.TryWrite(dueTime);
        }

        return timer;
    }
}

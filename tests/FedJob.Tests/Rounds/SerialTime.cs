using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Rounds;

/// <summary>
/// Fake time that passes, and makes timers, in one thread at a time: time that passes in one thread while another wakes the timers puts off a periodic timer by
/// a period, and who waits for that tick waits for ever.
/// </summary>
internal sealed class SerialTime : TimeProvider
{
    private readonly FakeTimeProvider _time = new();
    private readonly Lock _turn = new();

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override long GetTimestamp() => _time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_turn)
        {
            return _time.CreateTimer(callback, state, dueTime, period);
        }
    }

    /// <summary>Lets time pass; the timers that are due have fired when it returns.</summary>
    public void Advance(TimeSpan delta)
    {
        lock (_turn)
        {
            _time.Advance(delta);
        }
    }
}

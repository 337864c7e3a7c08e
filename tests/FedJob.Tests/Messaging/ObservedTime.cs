using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Messaging;

/// <summary>Fake time that tells when somebody begins to wait, so that a test moves it only then.</summary>
internal sealed class ObservedTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();
    private int _live;

    /// <summary>How many timers were made and not disposed.</summary>
    public int Live => Volatile.Read(ref _live);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return new Counted(this, timer);
    }

    /// <summary>Waits until a timer for this time has been started.</summary>
    public async Task TimerOfAsync(TimeSpan due)
    {
        await foreach (TimeSpan started in _timers.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (started == due)
            {
                return;
            }
        }
    }

    /// <summary>Waits until a timer for this time has been started, and lets the time pass.</summary>
    public async Task PassAsync(TimeSpan due)
    {
        await TimerOfAsync(due);
        Advance(due);
    }

    private sealed class Counted : ITimer
    {
        private readonly ObservedTime _time;
        private readonly ITimer _inner;
        private int _disposed;

        public Counted(ObservedTime time, ITimer inner)
        {
            (_time, _inner) = (time, inner);
            Interlocked.Increment(ref time._live);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => _inner.Change(dueTime, period);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref _time._live);
                _inner.Dispose();
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

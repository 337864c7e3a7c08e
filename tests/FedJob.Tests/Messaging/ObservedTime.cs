using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Messaging;

/// <summary>Fake time that tells when somebody begins to wait, so that a test moves it only then.</summary>
internal sealed class ObservedTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
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
}

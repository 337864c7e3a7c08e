using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Protocol.Mqtt;

/// <summary>Fake time that tells when a timer is set, so that a test moves the clock only when somebody waits for it.</summary>
internal sealed class TimerWatch : FakeTimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _set = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_lock)
        {
            _set.Add(dueTime);
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return timer;
    }

    /// <summary>Waits for a timer of this length, each counted once.</summary>
    public Task<TimeSpan> TimerAsync(TimeSpan length) => TimerAsync(length, length);

    /// <summary>Waits for a timer of a length between two, each counted once.</summary>
    public async Task<TimeSpan> TimerAsync(TimeSpan least, TimeSpan most)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                var found = _set.FindIndex(length => length >= least && length <= most);
                if (found >= 0)
                {
                    var length = _set[found];
                    _set.RemoveAt(found);
                    return length;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        }
    }
}

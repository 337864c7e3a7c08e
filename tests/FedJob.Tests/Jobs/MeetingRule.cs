using System.Numerics;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Jobs;

/// <summary>The first update, after so many blocks as are to meet have been begun: that many threads must be at work at once.</summary>
internal sealed class MeetingRule(int threads) : IAggregator
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly HashSet<int> _threads = [];

    public string Name => "Meeting";

    /// <summary>The threads that combined a block, by their ids.</summary>
    public int Threads => _threads.Count;

    public IRoundAggregation BeginRound(AggregationContext context) => new Round(this);

    public ParameterMap SaveState() => ParameterMap.Empty;

    public void RestoreState(ParameterMap state)
    {
    }

    private void Meet()
    {
        lock (_lock)
        {
            _threads.Add(Environment.CurrentManagedThreadId);
            if (_threads.Count == threads)
            {
                _met.TrySetResult();
            }
        }

        // A wait for a task, unlike one for an event, makes the pool add threads without delay.
        if (!_met.Task.Wait(Patience))
        {
            _met.TrySetException(new TimeoutException($"{threads} threads were to meet, and {Threads} came."));
        }
    }

    private sealed class Round(MeetingRule rule) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            rule.Meet();
            block.GetUpdate(0).CopyTo(block.Result);
        }
    }
}

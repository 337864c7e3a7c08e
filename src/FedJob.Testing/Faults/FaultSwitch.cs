namespace FedJob.Testing.Faults;

/// <summary>The faults of a connection as they are switched; who waits because of a fault is woken by the change.</summary>
internal sealed class FaultSwitch(LinkFaults faults)
{
    private volatile State _state = new(faults);

    public State Current => _state;

    public void Set(LinkFaults faults) => Interlocked.Exchange(ref _state, new State(faults)).End();

    /// <summary>The faults from one change to the next.</summary>
    internal sealed class State(LinkFaults faults)
    {
        private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkFaults Faults { get; } = faults;

        /// <summary>Completes when they no longer hold.</summary>
        public Task Changed => _changed.Task;

        public void End() => _changed.TrySetResult();
    }
}

using System.Threading.Channels;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Holds an emulated node's trainings until it is opened, and tells when one has begun.</summary>
internal sealed class NodeGate
{
    private readonly Channel<EmulatedTask> _begun = Channel.CreateUnbounded<EmulatedTask>();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    /// <summary>The next training that has begun.</summary>
    public async Task<EmulatedTask> BegunAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TestTimeouts.Default);
        return await _begun.Reader.ReadAsync(limit.Token);
    }

    public Task PassAsync(EmulatedTask task, CancellationToken cancellationToken)
    {
        _begun.Writer.TryWrite(task);
        return _open.Task.WaitAsync(cancellationToken);
    }
}

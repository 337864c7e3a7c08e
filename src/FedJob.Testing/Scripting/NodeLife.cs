namespace FedJob.Testing.Scripting;

/// <summary>A node from one start to its end.</summary>
internal sealed class NodeLife : IDisposable
{
    private readonly CancellationTokenSource _end = new();

    public NodeLife(EmulatorLink link)
    {
        Link = link;
        Token = _end.Token;
    }

    public EmulatorLink Link { get; }

    public CancellationToken Token { get; }

    public Task Tasks { get; set; } = Task.CompletedTask;

    public bool Ended { get; private set; }

    /// <summary>Cuts the socket and ends what runs; a training that ignores its token is left behind after a while.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        Ended = true;
        await Link.DisposeAsync().ConfigureAwait(false);
        await _end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(Tasks, Task.Delay(patience, TimeProvider.System)).ConfigureAwait(false);
        Dispose();
    }

    public void Dispose() => _end.Dispose();
}

namespace FedJob.Tests.Protocol.Storage;

/// <summary>A body that gives some bytes, then tells that it stalls and gives nothing until it is cancelled or told to go on.</summary>
internal sealed class StalledStream(byte[] first, byte[] second) : Stream
{
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _reads;

    public Task Stalled => _stalled.Task;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void Resume() => _resumed.TrySetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        byte[] bytes = [];
        switch (_reads++)
        {
            case 0:
                bytes = first;
                break;
            case 1:
                _stalled.TrySetResult();
                await _resumed.Task.WaitAsync(cancellationToken);
                bytes = second;
                break;
            default:
                break;
        }

        bytes.CopyTo(buffer);
        return bytes.Length;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

using System.Threading.Channels;

namespace FedJob.Messaging;

/// <summary>Acknowledges arrivals in the order they came, each when its receipt is signed.</summary>
internal sealed class Acknowledger
{
    private readonly Channel<DeliveryReceipt> _receipts = Channel.CreateUnbounded<DeliveryReceipt>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Notes an arrival.</summary>
    public void Add(DeliveryReceipt receipt) => _receipts.Writer.TryWrite(receipt);

    /// <summary>No further arrival will come.</summary>
    public void Complete() => _receipts.Writer.TryComplete();

    /// <summary>Acknowledges until it is complete or stopped. Brokers hold only so many messages without an answer, so this bounds what waits here.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await foreach (DeliveryReceipt receipt in _receipts.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                await receipt.Signed.WaitAsync(stop).ConfigureAwait(false);
                await receipt.Message.AcknowledgeAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The researcher is disposed: the broker learns that from the end of the connection.
        }
    }
}

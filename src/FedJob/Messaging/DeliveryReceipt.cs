using FedJob.Protocol.Mqtt;

namespace FedJob.Messaging;

/// <summary>The acknowledgement of one arrival that the broker still waits for: signed at once, or by the round that takes the message, when it is safe.</summary>
internal sealed class DeliveryReceipt(InboundMessage message)
{
    private readonly TaskCompletionSource _signed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public InboundMessage Message => message;

    /// <summary>Whether a round has taken the message and will sign.</summary>
    public bool IsTaken { get; set; }

    /// <summary>Ends when it is signed.</summary>
    public Task Signed => _signed.Task;

    public void Sign() => _signed.TrySetResult();
}

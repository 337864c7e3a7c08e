using FedJob.Messaging;

namespace FedJob.Rounds;

/// <summary>How far a round has come with one of its nodes. Only the thread that writes the <see cref="VerdictBoard"/> touches it.</summary>
internal sealed class Participant(string nodeId)
{
    private int _retries;

    public string NodeId => nodeId;

    /// <summary>Whether its terminal reply has arrived, or it has a verdict without one.</summary>
    public bool Replied { get; set; }

    /// <summary>An error it sent that a train reply should follow.</summary>
    public NodeReply? Error { get; set; }

    /// <summary>Why it is thought to be lost; it may come back while the round runs. <see langword="null"/> while it is there.</summary>
    public string? Gone { get; set; }

    /// <summary>Whether the round waits for it to come back no longer.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether a repeated request is on its way to it.</summary>
    public bool IsBeingAsked { get; set; }

    /// <summary>How often it was asked again under another id; counted by whoever asked it, one at a time.</summary>
    public int Retries => Volatile.Read(ref _retries);

    public void CountRetry() => Interlocked.Increment(ref _retries);

    /// <summary>What is known while its parameters are downloaded.</summary>
    public NodeVerdict? Verdict { get; set; }

    /// <summary>The samples it says it trained on, as soon as its reply is there.</summary>
    public long? SampleCount { get; set; }

    /// <summary>Its verdict, for good.</summary>
    public CollectedReply? Result { get; set; }
}

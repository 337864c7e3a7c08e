using FedJob.Messaging;

namespace FedJob.Rounds;

/// <summary>How far a round has come with one of its nodes. Only the thread that writes the <see cref="VerdictBoard"/> touches it.</summary>
internal sealed class Participant(string nodeId)
{
    public string NodeId => nodeId;

    /// <summary>Whether its terminal reply has arrived, or it has a verdict without one.</summary>
    public bool Replied { get; set; }

    /// <summary>An error it sent that a train reply should follow.</summary>
    public NodeReply? Error { get; set; }

    /// <summary>What is known while its parameters are downloaded.</summary>
    public NodeVerdict? Verdict { get; set; }

    /// <summary>Its verdict, for good.</summary>
    public CollectedReply? Result { get; set; }
}

using FedJob.Abstractions;

namespace FedJob.Nodes;

/// <summary>A search found no data: no node answered, or no node that answered holds data with the wanted tags.</summary>
public sealed class NodeSearchException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code"><see cref="FedJobErrorCode.NoNodeAnswered"/> or <see cref="FedJobErrorCode.NoDatasetFound"/>.</param>
    /// <param name="message">What was searched, who answered, and what to do next.</param>
    /// <param name="answered">The nodes that answered.</param>
    public NodeSearchException(FedJobErrorCode code, string message, IReadOnlyList<string> answered)
        : base(code, message) => Answered = answered;

    /// <summary>The nodes that answered, in ordinal order.</summary>
    public IReadOnlyList<string> Answered { get; }
}

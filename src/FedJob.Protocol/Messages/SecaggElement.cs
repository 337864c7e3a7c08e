namespace FedJob.Protocol.Messages;

/// <summary>What secure aggregation needs of the parties; its number is what travels.</summary>
public enum SecaggElement
{
    /// <summary>The server key of one job; 0.</summary>
    ServerKey = 0,

    /// <summary>The biprime, which belongs to no job; 1.</summary>
    Biprime = 1,
}

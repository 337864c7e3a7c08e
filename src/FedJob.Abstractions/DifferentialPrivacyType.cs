namespace FedJob.Abstractions;

/// <summary>Where differentially private noise is added.</summary>
public enum DifferentialPrivacyType
{
    /// <summary>To the update, after training; <c>central</c> on the wire.</summary>
    Central,

    /// <summary>To every gradient step; <c>local</c> on the wire.</summary>
    Local,
}

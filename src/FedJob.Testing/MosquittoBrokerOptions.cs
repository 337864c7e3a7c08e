namespace FedJob.Testing;

/// <summary>How a <see cref="MosquittoBroker"/> behaves. The defaults let everybody in.</summary>
public sealed class MosquittoBrokerOptions
{
    /// <summary>The user name asked for, without <c>:</c> and line ends; <see langword="null"/> lets everybody in. Default: none.</summary>
    public string? UserName { get; set; }

    /// <summary>The password asked for together with <see cref="UserName"/>. Default: none, the empty password.</summary>
    public string? Password { get; set; }

    /// <summary>How long it may take until it listens; above 0. Default: 10 s.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(10);
}

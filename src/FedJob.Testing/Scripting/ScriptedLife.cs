using FedJob.Protocol.Mqtt;

namespace FedJob.Testing.Scripting;

/// <summary>One connection of scripted nodes from its opening to its end.</summary>
/// <param name="Link">The link.</param>
/// <param name="Crash">Cuts it without a goodbye, to be opened again after that time or never.</param>
/// <param name="Token">Cancelled when it has ended.</param>
internal sealed record ScriptedLife(MqttLink Link, Action<TimeSpan?> Crash, CancellationToken Token);

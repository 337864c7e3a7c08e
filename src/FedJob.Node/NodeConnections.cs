using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Node;

/// <summary>How a node reaches the outside: the seam at which tests put their own link and repository.</summary>
/// <param name="ConnectAsync">Opens the link to the broker.</param>
/// <param name="Repository">The file repository; disposed with the node if it can be.</param>
internal sealed record NodeConnections(Func<MqttLinkSettings, CancellationToken, Task<IMqttLink>> ConnectAsync, IRepository Repository)
{
    /// <summary>The real ones.</summary>
    /// <param name="options">Where broker and repository are.</param>
    /// <param name="loggerFactory">Where they log.</param>
    /// <param name="timeProvider">Their clock.</param>
    /// <returns>The connections; nothing is connected yet.</returns>
    public static NodeConnections Real(FederatedNodeOptions options, ILoggerFactory loggerFactory, TimeProvider timeProvider) => new(
        async (settings, cancellationToken) => await MqttLink
            .ConnectAsync(
                options.Broker, settings, loggerFactory.CreateLogger<MqttLink>(), timeProvider, cancellationToken).ConfigureAwait(false),
        new Repository(options.Repository, loggerFactory.CreateLogger<Repository>(), timeProvider));
}

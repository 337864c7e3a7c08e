using System.Text;
using FedJob.Abstractions;

namespace FedJob.Protocol.Mqtt;

/// <summary>A link's options, checked and frozen: what the caller changes later does not reach it.</summary>
internal sealed record LinkOptions
{
    public required MqttLinkSettings Settings { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public required string? UserName { get; init; }

    public required string? Password { get; init; }

    public required TimeSpan ConnectTimeout { get; init; }

    public required TimeSpan PublishTimeout { get; init; }

    public required TimeSpan KeepAlive { get; init; }

    public required TimeSpan ReconnectDelay { get; init; }

    public required TimeSpan MaximumReconnectDelay { get; init; }

    public required int MaximumMessageBytes { get; init; }

    /// <summary>Host and port as people write them.</summary>
    public string Address => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Checks what the caller gave, and copies it.</summary>
    /// <exception cref="MessagingException">A broker option is wrong (<c>OptionsInvalid</c>).</exception>
    /// <exception cref="ArgumentException">A setting of the link is wrong.</exception>
    public static LinkOptions Freeze(BrokerOptions broker, MqttLinkSettings settings)
    {
        ArgumentNullException.ThrowIfNull(broker);
        ArgumentNullException.ThrowIfNull(settings);
        if (broker.Validate() is { Count: > 0 } broken)
        {
            throw new MessagingException(FedJobErrorCode.OptionsInvalid, string.Join(' ', broken));
        }

        Check(settings);
        return new LinkOptions
        {
            Settings = settings with { Subscriptions = [.. settings.Subscriptions] },
            Host = broker.Host,
            Port = broker.Port,
            UserName = broker.UserName,
            Password = broker.Password,
            ConnectTimeout = broker.ConnectTimeout,
            PublishTimeout = broker.PublishTimeout,
            KeepAlive = broker.KeepAlive,
            ReconnectDelay = broker.ReconnectDelay,
            MaximumReconnectDelay = broker.MaximumReconnectDelay,
            MaximumMessageBytes = broker.MaximumMessageBytes,
        };
    }

    // A record prints its members: not the password.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Address = ").Append(Address).Append(", ClientId = ").Append(Settings.ClientId);
        return true;
    }

    private static void Check(MqttLinkSettings settings)
    {
        if (string.IsNullOrEmpty(settings.ClientId) || Encoding.UTF8.GetByteCount(settings.ClientId) > ushort.MaxValue)
        {
            throw new ArgumentException(
                $"MqttLinkSettings.ClientId is '{settings.ClientId}'; allowed: 1 to {ushort.MaxValue} bytes.", nameof(settings));
        }

        if (settings.SessionExpiry < TimeSpan.Zero || settings.SessionExpiry.TotalSeconds > uint.MaxValue)
        {
            throw new ArgumentException(
                $"MqttLinkSettings.SessionExpiry is {settings.SessionExpiry}; allowed: 0 to {uint.MaxValue} s.", nameof(settings));
        }

        ArgumentNullException.ThrowIfNull(settings.Subscriptions, nameof(settings));
        var filters = new HashSet<string>(StringComparer.Ordinal);
        foreach (var subscription in settings.Subscriptions)
        {
            ArgumentNullException.ThrowIfNull(subscription, nameof(settings));
            TopicRules.CheckFilter(subscription.TopicFilter, nameof(settings));
            if (subscription.Capacity < 1)
            {
                throw new ArgumentException(
                    $"The capacity of '{subscription.TopicFilter}' is {subscription.Capacity}; allowed: at least 1.", nameof(settings));
            }

            if (!filters.Add(subscription.TopicFilter))
            {
                throw new ArgumentException(
                    $"'{subscription.TopicFilter}' is subscribed to twice; allowed: once a link.", nameof(settings));
            }
        }

        foreach (var message in new[] { settings.Will, settings.Birth, settings.Farewell }.OfType<OutboundMessage>())
        {
            TopicRules.CheckTopic(message.Topic, nameof(settings));
        }
    }
}

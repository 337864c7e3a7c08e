using System.Text;

namespace FedJob.Protocol.Mqtt;

/// <summary>What MQTT allows in topics and filters; a broker cuts off whoever sends another.</summary>
internal static class TopicRules
{
    /// <summary>Checks a topic to publish on.</summary>
    /// <exception cref="ArgumentException">It is empty, too long, or has a wildcard or a NUL in it.</exception>
    public static void CheckTopic(string topic, string parameterName)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic, parameterName);
        if (topic.AsSpan().ContainsAny('+', '#', '\0') || Encoding.UTF8.GetByteCount(topic) > ushort.MaxValue)
        {
            throw new ArgumentException(
                $"The topic '{Shorten(topic)}' cannot be published on; allowed: up to {ushort.MaxValue} bytes without '+', '#' and NUL.",
                parameterName);
        }
    }

    /// <summary>Checks a filter to subscribe to.</summary>
    /// <exception cref="ArgumentException">It is empty, too long, or a wildcard stands where none may.</exception>
    public static void CheckFilter(string filter, string parameterName)
    {
        ArgumentException.ThrowIfNullOrEmpty(filter, parameterName);
        var levels = filter.Split('/');
        for (var i = 0; i < levels.Length; i++)
        {
            var level = levels[i];
            var wildcard = level.AsSpan().ContainsAny('+', '#');
            if ((wildcard && level.Length > 1) || (level == "#" && i < levels.Length - 1))
            {
                throw new ArgumentException(
                    $"The topic filter '{Shorten(filter)}' has a wildcard where none may be; "
                    + "allowed: '+' as a whole level, '#' as the whole last level.",
                    parameterName);
            }
        }

        if (filter.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(filter) > ushort.MaxValue)
        {
            throw new ArgumentException(
                $"The topic filter '{Shorten(filter)}' is not allowed: up to {ushort.MaxValue} bytes without NUL.", parameterName);
        }
    }

    /// <summary>At most 200 characters of a topic that somebody else chose, for a message.</summary>
    public static string Shorten(string topic) => topic.Length <= 200 ? topic : $"{topic.AsSpan(0, 200)}...";
}

using System.Text;
using FedJob.Abstractions;
using FedJob.Node.State;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>Puts what a node says on the right topic with the right user properties.</summary>
internal sealed partial class ReplyPublisher
{
    private const int ReplyAttempts = 6;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private readonly IMqttLink _link;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Makes a publisher.</summary>
    /// <param name="link">The link to the broker.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="timeProvider">The clock of pauses.</param>
    /// <param name="logger">Where replies that did not get out are logged.</param>
    public ReplyPublisher(IMqttLink link, string nodeId, TimeProvider timeProvider, ILogger logger) =>
        (_link, NodeId, _timeProvider, _logger) = (link, nodeId, timeProvider, logger);

    /// <summary>The node that speaks.</summary>
    public string NodeId { get; }

    /// <summary>Publishes a message once.</summary>
    /// <param name="message">The message.</param>
    /// <param name="requestId">The id of the request it is about, if it has one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when the broker has the message.</returns>
    /// <exception cref="FedJobException">The message is not allowed on the wire, or the broker did not take it.</exception>
    public Task PublishAsync(NodeMessage message, string? requestId, CancellationToken cancellationToken)
    {
        var outbound = new OutboundMessage
        {
            Topic = TopicOf(message),
            Payload = MessageWriter.Write(message),
            UserProperties = PropertiesOf(message, requestId, null),
        };
        return _link.PublishAsync(outbound, cancellationToken);
    }

    /// <summary>Writes a train reply in the form in which it is kept and published.</summary>
    /// <param name="answer">The reply.</param>
    /// <param name="requestId">The id of the request, if it has one.</param>
    /// <returns>The written reply.</returns>
    /// <exception cref="MessageFormatException">The reply is not allowed on the wire.</exception>
    public static KeptReply Prepare(TrainAnswer answer, string? requestId) => new()
    {
        Payload = Encoding.UTF8.GetString(MessageWriter.Write(answer.Reply)),
        Properties = PropertiesOf(answer.Reply, requestId, answer.ParametersDigest?.ToString()),
    };

    /// <summary>Publishes a train reply; where the broker does not take it, tries again while the link comes back.</summary>
    /// <param name="reply">The written reply.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <returns>A task that ends when the broker has the reply, or after the last attempt: a kept reply is then still there for who asks
    /// again.</returns>
    public async Task PublishReplyAsync(KeptReply reply, CancellationToken cancellationToken)
    {
        var outbound = new OutboundMessage
        {
            Topic = Topics.Researchers,
            Payload = Encoding.UTF8.GetBytes(reply.Payload),
            UserProperties = reply.Properties,
        };
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await _link.PublishAsync(outbound, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (MessagingException e) when (attempt < ReplyAttempts && e.Code != FedJobErrorCode.ConnectionClosed)
            {
                LogReplyDelayed(_logger, attempt, e.Message);
                await Task.Delay(RetryPause, _timeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (MessagingException e)
            {
                LogReplyLost(_logger, attempt, e.Message);
                return;
            }
        }
    }

    private static string TopicOf(NodeMessage message) => message switch
    {
        MetricMessage => Topics.Monitoring,
        LogMessage => Topics.Logger,
        _ => Topics.Researchers,
    };

    private static Dictionary<string, string> PropertiesOf(NodeMessage message, string? requestId, string? parametersDigest)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        if (message is not (MetricMessage or LogMessage))
        {
            properties[WireProperties.FedJob] = WireProperties.Version;
        }

        if (requestId is not null)
        {
            properties[WireProperties.RequestId] = requestId;
        }

        if (parametersDigest is not null)
        {
            properties[WireProperties.ParametersDigest] = parametersDigest;
        }

        return properties;
    }

    [LoggerMessage(1440, LogLevel.Warning, "Attempt {Attempt} to publish a train reply failed; it is tried again: {Reason}")]
    private static partial void LogReplyDelayed(ILogger logger, int attempt, string reason);

    [LoggerMessage(1441, LogLevel.Error,
        "A train reply could not be published in {Attempts} attempts; a researcher that asks again gets it: {Reason}")]
    private static partial void LogReplyLost(ILogger logger, int attempts, string reason);
}

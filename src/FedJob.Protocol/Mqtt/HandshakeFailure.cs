using System.Net.Sockets;
using System.Security.Authentication;
using FedJob.Abstractions;
using MQTTnet;

namespace FedJob.Protocol.Mqtt;

/// <summary>Why a connection did not come about.</summary>
/// <param name="Exception">What the caller is told.</param>
/// <param name="Kind">What it says about the version of MQTT.</param>
internal sealed record HandshakeFailure(MessagingException Exception, HandshakeFailureKind Kind)
{
    // What a broker that knows only MQTT 3.1.1 answers to a request in MQTT 5.
    private const int UnacceptableProtocolVersion311 = 1;

    /// <summary>From the broker's answer.</summary>
    public static HandshakeFailure FromAnswer(MqttClientConnectResult answer, string address)
    {
        var reason = string.IsNullOrEmpty(answer.ReasonString) ? $"{answer.ResultCode}" : $"{answer.ResultCode}: {answer.ReasonString}";
        switch (answer.ResultCode)
        {
            case MqttClientConnectResultCode.BadUserNameOrPassword
                or MqttClientConnectResultCode.NotAuthorized
                or MqttClientConnectResultCode.Banned
                or MqttClientConnectResultCode.BadAuthenticationMethod:
                return Other(
                    FedJobErrorCode.BrokerAuthenticationFailed,
                    $"The broker at {address} refused the login ({reason}). Check BrokerOptions.UserName and BrokerOptions.Password.");
            case MqttClientConnectResultCode.UnsupportedProtocolVersion or (MqttClientConnectResultCode)UnacceptableProtocolVersion311:
                return new HandshakeFailure(
                    new MessagingException(
                        FedJobErrorCode.BrokerRefused,
                        $"The broker at {address} does not speak the version of MQTT it was asked in ({reason})."),
                    HandshakeFailureKind.VersionRefused);
            default:
                return Other(
                    FedJobErrorCode.BrokerRefused,
                    $"The broker at {address} refused the connection ({reason}). Check its log and settings.");
        }
    }

    /// <summary>From an exception of the handshake.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="address">The broker's address.</param>
    /// <param name="channel">What became of the channel.</param>
    /// <param name="usesTls">Whether TLS is on.</param>
    /// <param name="certificateProblem">Why the broker's certificate was not accepted, if that was it.</param>
    public static HandshakeFailure FromException(
        Exception exception, string address, BoundedChannel channel, bool usesTls, string? certificateProblem)
    {
        if (certificateProblem is not null)
        {
            return Other(
                FedJobErrorCode.BrokerRefused,
                $"The broker at {address} cannot be trusted: {certificateProblem}. "
                + "Check TlsOptions.CertificateAuthorityPath, BrokerOptions.Host and the "
                + "broker's certificate.",
                exception);
        }

        if (usesTls && Causes(exception).Any(IsCertificateAlert))
        {
            return Other(
                FedJobErrorCode.BrokerAuthenticationFailed,
                $"The broker at {address} refused this side's certificate, or misses one ({Innermost(exception).Message}). "
                + "Check TlsOptions.ClientCertificatePath.",
                exception);
        }

        if (channel.HasReceived)
        {
            return Other(
                FedJobErrorCode.BrokerRefused,
                $"What listens at {address} did not answer in MQTT ({Innermost(exception).Message}).",
                exception);
        }

        // Not connected, no longer: cut between the handshake and the first look at the socket.
        var socket = Causes(exception).OfType<SocketException>().FirstOrDefault();
        if (channel.HasConnected || socket is { SocketErrorCode: SocketError.NotConnected })
        {
            return new HandshakeFailure(
                new MessagingException(
                    FedJobErrorCode.BrokerRefused,
                    $"What listens at {address} closed the connection without an answer. Check that it is an MQTT broker, and whether it "
                    + (usesTls ? "asks for a client certificate (TlsOptions.ClientCertificatePath)." : "expects TLS (BrokerOptions.Tls)."),
                    exception),
                HandshakeFailureKind.ClosedWithoutAnswer);
        }

        var cut =
            socket is null or { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown };
        if (usesTls && (cut || Causes(exception).Any(cause => cause is AuthenticationException)))
        {
            return Other(
                FedJobErrorCode.BrokerRefused,
                $"TLS with {address} did not come about ({Innermost(exception).Message}). Check that the broker expects TLS on this port.",
                exception);
        }

        return Other(
            FedJobErrorCode.BrokerUnreachable,
            $"No broker can be reached at {address} ({socket?.SocketErrorCode.ToString() ?? Innermost(exception).Message}). "
            + "Check BrokerOptions.Host and BrokerOptions.Port, and that the broker runs.",
            exception);
    }

    /// <summary>The deepest cause.</summary>
    public static Exception Innermost(Exception exception) => Causes(exception).Last();

    /// <summary>An exception and its causes, from the outside in.</summary>
    public static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

    // The platform tells a peer's TLS alert only in the text of its exceptions.
    private static bool IsCertificateAlert(Exception exception) =>
        exception.Message.Contains("alert", StringComparison.OrdinalIgnoreCase)
        && (exception.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase)
            || exception.Message.Contains("unknown ca", StringComparison.OrdinalIgnoreCase));

    private static HandshakeFailure Other(FedJobErrorCode code, string message, Exception? cause = null) =>
        new(new MessagingException(code, message, cause), HandshakeFailureKind.Other);
}

/// <summary>What a failed handshake says about the version of MQTT.</summary>
internal enum HandshakeFailureKind
{
    /// <summary>Nothing.</summary>
    Other,

    /// <summary>The broker does not speak it.</summary>
    VersionRefused,

    /// <summary>The broker may not speak it, or the connection was cut.</summary>
    ClosedWithoutAnswer,
}

using System.Globalization;
using System.Security.Authentication;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>What an exception of the HTTP stack means, and whether trying again may help.</summary>
internal static class NetworkFailures
{
    private const string ReachHint = "Check that the repository runs and that RepositoryOptions.Address is right.";
    private const string CutHint = "Check the network to the repository, then try again.";
    private const string TlsHint =
        "Check the certificate's dates, host name and authority, and RepositoryOptions.Tls; clear text is not tried.";
    private const string NoHttpHint = "Check that RepositoryOptions.Address is the address of a file repository.";

    /// <summary>The failure that an exception stands for; cancellation by the caller is thrown on.</summary>
    public static TransferFailure Of(Exception exception, IdleWatch watch, RepositorySettings settings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (watch.HasExpired)
        {
            string source = watch.Idle == settings.IdleTimeout ? nameof(RepositoryOptions) : nameof(DownloadRequest);
            return Interrupted($"nothing moved for {Text(watch.Idle)} ({source}.IdleTimeout)", exception);
        }

        return exception switch
        {
            HttpRequestException http => OfRequest(http),
            OperationCanceledException => Unreachable(
                $"no connection within {Text(settings.ConnectTimeout)} (RepositoryOptions.ConnectTimeout)", exception),
            _ => Interrupted($"the connection was cut ({exception.Message.TrimEnd('.')})", exception),
        };
    }

    /// <summary>Whether an exception comes from the HTTP stack: anything else is a defect or typed already.</summary>
    public static bool IsOne(Exception exception) =>
        exception is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException;

    private static TransferFailure OfRequest(HttpRequestException exception)
    {
        string said = Innermost(exception).Message.TrimEnd('.');
        switch (exception.HttpRequestError)
        {
            case HttpRequestError.NameResolutionError:
                return Unreachable($"the host name was not found ({said})", exception);
            case HttpRequestError.ConnectionError:
                return Unreachable($"no connection ({said})", exception);
            case HttpRequestError.SecureConnectionError:
                // A certificate does not get better by asking again; a handshake that was cut may.
                bool refused = exception.InnerException is AuthenticationException;
                return new TransferFailure(FedJobErrorCode.RepositoryUnreachable, $"no TLS connection ({said})", TlsHint, exception)
                {
                    IsTransient = !refused,
                };
            case HttpRequestError.InvalidResponse:
            case HttpRequestError.ConfigurationLimitExceeded:
            case HttpRequestError.HttpProtocolError:
            case HttpRequestError.VersionNegotiationError:
                return new TransferFailure(
                    FedJobErrorCode.RepositoryRefused,
                    $"what answered does not speak HTTP/1.1 within limits ({said})",
                    NoHttpHint,
                    exception);
            default:
                return Interrupted($"the connection was cut ({said})", exception);
        }
    }

    private static TransferFailure Unreachable(string problem, Exception cause) =>
        new(FedJobErrorCode.RepositoryUnreachable, problem, ReachHint, cause) { IsTransient = true };

    private static TransferFailure Interrupted(string problem, Exception cause) =>
        new(FedJobErrorCode.TransferInterrupted, problem, CutHint, cause) { IsTransient = true };

    private static Exception Innermost(Exception exception) => exception.GetBaseException();

    private static string Text(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + " s";
}

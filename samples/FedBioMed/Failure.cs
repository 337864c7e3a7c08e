using FedJob.Abstractions;

namespace FedBioMed;

/// <summary>How the program ends after a failure, and what it says.</summary>
internal sealed record Failure(ExitCode ExitCode, string Code, string Message)
{
    public static Failure Of(Exception failure, bool interrupted) => failure switch
    {
        OperationCanceledException when interrupted => new Failure(ExitCode.Cancelled, "Cancelled", "cancelled"),
        FedJobException typed => new Failure(ExitCodeOf(typed.Code), typed.Code.ToString(), OneLine(typed.Message)),
        UsageException => new Failure(ExitCode.WrongInput, "WrongInput", OneLine(failure.Message)),
        ArgumentException => new Failure(ExitCode.WrongInput, "WrongInput", OneLine(failure.Message)),
        IOException or UnauthorizedAccessException => new Failure(ExitCode.WrongInput, "LocalFileFailed", OneLine(failure.Message)),
        _ => new Failure(ExitCode.RoundFailed, "Unexpected", OneLine($"{failure.GetType().Name}: {failure.Message}")),
    };

    public static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    private static ExitCode ExitCodeOf(FedJobErrorCode code) => code switch
    {
        FedJobErrorCode.BrokerUnreachable or FedJobErrorCode.BrokerRefused or FedJobErrorCode.BrokerAuthenticationFailed
            or FedJobErrorCode.ConnectionClosed or FedJobErrorCode.PublishNotAcknowledged or FedJobErrorCode.RepositoryUnreachable
            or FedJobErrorCode.RepositoryRefused or FedJobErrorCode.TransferInterrupted or FedJobErrorCode.UrlNotAllowed
            or FedJobErrorCode.NoNodeAnswered => ExitCode.Connection,
        FedJobErrorCode.RoundFailed or FedJobErrorCode.AggregationFailed or FedJobErrorCode.ExtensionFailed
            or FedJobErrorCode.DigestMismatch => ExitCode.RoundFailed,
        _ => ExitCode.WrongInput,
    };
}

using FedJob.Protocol.Messages;

namespace FedJob.Messaging;

/// <summary>What the error numbers of Fed-BioMed 4.5 nodes mean for a train request.</summary>
internal static class NodeErrors
{
    /// <summary>The node could not even begin: malformed request, unknown dataset. No train reply follows.</summary>
    public static bool EndsRequest(ErrorReply error) => Is(error, "FB301") || Is(error, "FB313");

    /// <summary>A task broke down. Where the error names its request, a train reply follows; where it names nobody, none does.</summary>
    public static bool IsBreakdown(ErrorReply error) => Is(error, "FB300");

    /// <summary>The farewell of a node that stops. Whether that node is lost is for the pings to tell.</summary>
    public static bool IsFarewell(ErrorReply error) => Is(error, "FB312");

    public static string Describe(ErrorReply error) => error.ExtraText.Length > 0 ? $"{error.ErrorNumber}: {error.ExtraText}" : error.ErrorNumber;

    private static bool Is(ErrorReply error, string number) => error.ErrorNumber.StartsWith(number, StringComparison.Ordinal);
}

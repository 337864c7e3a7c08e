namespace FedJob.Tests.Protocol.Messages;

/// <summary>What an id may look like, told without FedJob's code.</summary>
internal static class CapturedIds
{
    public static bool IsId(string? text) => text is { Length: >= 1 and <= 128 }
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-') && text.Any(c => c != '.');
}

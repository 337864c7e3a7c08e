namespace FedJob.Protocol.Storage;

/// <summary>Addresses as they may be shown: without credentials, query and fragment, which may hold secrets.</summary>
internal static class SafeUri
{
    private const int LongestText = 300;

    private static readonly Uri NotShown = new("(not-shown)", UriKind.Relative);

    /// <summary>The address without what may be secret.</summary>
    public static Uri Of(Uri address) => address.IsAbsoluteUri
        && Uri.TryCreate(
            address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped),
            UriKind.Absolute,
            out Uri? shown)
            ? shown
            : NotShown;

    /// <summary>The same as text, cut at 300 characters: a peer may have written it.</summary>
    public static string Text(Uri address)
    {
        string text = Of(address).OriginalString;
        return text.Length <= LongestText ? text : text[..LongestText] + "...";
    }
}

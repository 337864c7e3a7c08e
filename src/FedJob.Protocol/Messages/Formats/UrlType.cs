using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// The URL of a file. What goes to nodes must be a URL in the eyes of a Fed-BioMed node, which are narrower than the standard: the host is
/// localhost, an address or a name with a dot, the port has at least two digits. What nodes send is only an absolute http(s) URL, and what
/// arrives is only a text of bounded length: whoever downloads checks where it leads.
/// </summary>
internal sealed class UrlType : TextType
{
    private const int MaximumLength = 2048;

    private static readonly Regex NodeUrl = new(
        """
        ^https?://
        ( localhost
        | ([1-9]|[1-9][0-9]|1[0-9][0-9]|2[01][0-9]|22[0-3]) (\.([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])){3}
        | \[(?<six>[0-9a-f:.]+)\]
        | ((xn--)?[a-z0-9]+(-[a-z0-9]+)*\.)+ (xn--[a-z0-9]{2,}|[a-z]{2,})
        )
        (:(?<port>[0-9]{2,5}))?
        /[-a-z0-9._~%!$&'()*+,;=:@/]+ (\?[!-~]*)? (\#[!-~]*)?
        \z
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
            | RegexOptions.NonBacktracking);

    /// <summary>Whether a Fed-BioMed node must take it for a URL.</summary>
    public bool ForNodes { get; init; }

    /// <summary>Whether the empty text is accepted too.</summary>
    public bool OrEmpty { get; init; }

    public override string Accepted => ForNodes
        ? "a URL of a file that nodes accept (http or https; localhost, an IP address or a host name with a dot; a port of at least two "
            + "digits; a path; no credentials; ASCII without spaces)"
        : "an absolute http or https URL" + (OrEmpty ? " or empty" : "");

    protected override bool IsReadable(string text) =>
        text.Length <= MaximumLength && (OrEmpty || text.Length > 0) && !text.Any(char.IsControl);

    protected override bool IsWritable(string text) =>
        (OrEmpty && text.Length == 0) || (text.Length is > 0 and <= MaximumLength && (ForNodes ? IsUrlToNodes(text) : IsAbsolute(text)));

    private static bool IsAbsolute(string text) =>
        !text.Any(static c => char.IsControl(c) || char.IsWhiteSpace(c)) && Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.UserInfo.Length == 0;

    private static bool IsUrlToNodes(string text)
    {
        Match match = Ascii.IsValid(text) ? NodeUrl.Match(text) : Match.Empty;
        return match.Success
            && (!match.Groups["six"].Success || IPAddress.TryParse(match.Groups["six"].ValueSpan, out _))
            && (!match.Groups["port"].Success
                || int.Parse(match.Groups["port"].ValueSpan, CultureInfo.InvariantCulture) is > 0 and <= IPEndPoint.MaxPort);
    }
}

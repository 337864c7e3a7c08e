using System.Buffers;

namespace FedJob.Protocol.Storage;

/// <summary>Which URLs may be asked: those of the repository's own origin and of the others that its owner named.</summary>
internal sealed class OriginGuard
{
    // Characters that different programs read differently inside an address.
    private static readonly SearchValues<char> Doubtful = SearchValues.Create(
        [.. Enumerable.Range(0, 0x21).Select(code => (char)code), '\x7f', '\\', '\u00a0', '\ufeff']);

    private readonly Uri _own;
    private readonly Uri[] _all;

    public OriginGuard(Uri address, IEnumerable<Uri> additionalOrigins)
    {
        _own = address;
        _all = [address, .. additionalOrigins];
    }

    /// <summary>Whether an address is absolute, http or https, and nothing but scheme, host, port and path.</summary>
    public static bool IsPlain(Uri address) => Complaint(address) is null && address.Query.Length == 0;

    /// <summary>Whether credentials may go there: to the address's own origin only.</summary>
    public bool IsOwn(Uri url) => SameOrigin(_own, url);

    /// <summary>Says what is wrong with a URL; <see langword="null"/> when it may be asked.</summary>
    public string? Refusal(Uri url)
    {
        string? complaint = Complaint(url);
        if (complaint is not null)
        {
            return complaint;
        }

        return Array.Exists(_all, origin => SameOrigin(origin, url))
            ? null
            : $"its origin is none of {string.Join(", ", _all.Select(Origin))}";
    }

    private static string? Complaint(Uri url)
    {
        if (!url.IsAbsoluteUri)
        {
            return "it is not absolute";
        }

        if (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
        {
            return $"its scheme is '{url.Scheme}', expected http or https";
        }

        if (url.UserInfo.Length > 0 || url.OriginalString.AsSpan(0, AuthorityEnd(url.OriginalString)).Contains('@'))
        {
            return "it carries credentials";
        }

        if (url.Host.Length == 0 || url.Port < 1)
        {
            return "it has no host or port";
        }

        if (url.Fragment.Length > 0 || url.OriginalString.Contains('#', StringComparison.Ordinal))
        {
            return "it has a fragment";
        }

        return url.OriginalString.AsSpan().ContainsAny(Doubtful) ? "it holds spaces, control characters or backslashes" : null;
    }

    private static int AuthorityEnd(string text)
    {
        int start = text.IndexOf("//", StringComparison.Ordinal) + 2;
        int end = start < 2 ? -1 : text.AsSpan(start).IndexOfAny("/?#\\");
        return end < 0 ? text.Length : start + end;
    }

    private static bool SameOrigin(Uri one, Uri other) =>
        one.Scheme == other.Scheme && one.Port == other.Port
        && string.Equals(one.IdnHost, other.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static string Origin(Uri url) => url.GetLeftPart(UriPartial.Authority);
}

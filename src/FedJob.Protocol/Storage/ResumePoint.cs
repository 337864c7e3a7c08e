using System.Globalization;
using System.Net.Http.Headers;

namespace FedJob.Protocol.Storage;

/// <summary>
/// What is known of a file under way, so that another attempt can go on where the last one ended (RFC 9110, 14): whether the server offers
/// ranges,
/// which version of the file it sends, and how long that is.
/// </summary>
internal sealed class ResumePoint
{
    // A date counts whole seconds: only a file that has not changed for one is known by it.
    private static readonly TimeSpan DateResolution = TimeSpan.FromSeconds(1);

    private RangeConditionHeaderValue? _version;
    private bool _givenUp;

    /// <summary>The length of the whole file, if it was told.</summary>
    public long? Total { get; private set; }

    /// <summary>Whether a part that was received can be continued.</summary>
    public bool IsKnown => _version is not null;

    /// <summary>Takes in what an answer with the whole file says of it.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="isDigestKnown">Whether a mixture of two versions would be found out at the end.</param>
    public void Note(HttpResponseMessage response, bool isDigestKnown)
    {
        Total = response.Content.Headers.ContentLength;
        bool offersRanges = response.Headers.AcceptRanges.Contains("bytes", StringComparer.OrdinalIgnoreCase);
        _version = offersRanges && !_givenUp ? VersionOf(response, isDigestKnown) : null;
    }

    /// <summary>Asks for the rest of the file, and for all of it where it has changed.</summary>
    /// <param name="request">The request.</param>
    /// <param name="received">How many bytes are there.</param>
    public void Ask(HttpRequestMessage request, long received)
    {
        request.Headers.Range = new RangeHeaderValue(received, null);
        request.Headers.IfRange = _version;
    }

    /// <summary>What is wrong with an answer that should bring the rest; null if nothing is.</summary>
    /// <param name="response">The answer, of status 206.</param>
    /// <param name="received">How many bytes are there.</param>
    public string? FlawOf(HttpResponseMessage response, long received)
    {
        HttpContentHeaders headers = response.Content.Headers;
        if (headers.ContentRange is not { HasRange: true, HasLength: true, Unit: "bytes" } range)
        {
            return "it answered a part of the file and does not say which";
        }

        long total = range.Length!.Value;
        if (range.From != received || range.To != total - 1 || (Total is not null && Total != total)
            || (headers.ContentLength is { } length && length != total - received))
        {
            string of = Total?.ToString(CultureInfo.InvariantCulture) ?? "an unknown number";
            return string.Create(
                CultureInfo.InvariantCulture, $"it was asked for all from byte {received} of {of} on, and sends '{range}'");
        }

        if (_version?.EntityTag is { } tag && response.Headers.ETag is { } now && !tag.Equals(now))
        {
            return $"the file was {tag} and is {now}";
        }

        Total = total;
        return null;
    }

    /// <summary>Begins anew: what was received is of no use.</summary>
    /// <param name="forGood">Whether parts of this server are not to be trusted any more.</param>
    public void Forget(bool forGood)
    {
        (_version, Total) = (null, null);
        _givenUp |= forGood;
    }

    private static RangeConditionHeaderValue? VersionOf(HttpResponseMessage response, bool isDigestKnown)
    {
        if (response.Headers.ETag is { IsWeak: false } tag)
        {
            return new RangeConditionHeaderValue(tag);
        }

        return response.Content.Headers.LastModified is { } modified
            && (isDigestKnown || response.Headers.Date - modified >= DateResolution)
            ? new RangeConditionHeaderValue(modified)
            : null;
    }
}

using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>What an answer other than the wanted one means, and whether trying again may help.</summary>
internal static class Refusals
{
    private const int ExcerptBytes = 1024;
    private const int ExcerptCharacters = 200;

    /// <summary>The failure that an unwanted status stands for.</summary>
    public static async Task<TransferFailure> OfAsync(
        HttpResponseMessage response, RepositorySettings settings, TimeProvider timeProvider, IdleWatch watch)
    {
        HttpStatusCode status = response.StatusCode;
        if ((int)status is >= 300 and < 400)
        {
            return OfRedirect(response, settings);
        }

        string problem = string.Create(CultureInfo.InvariantCulture, $"the repository answered {(int)status} {response.ReasonPhrase}");
        string excerpt = await ExcerptAsync(response, watch).ConfigureAwait(false);
        if (excerpt.Length > 0)
        {
            problem += $" and said {excerpt}";
        }

        bool transient = IsTransient(status);
        TimeSpan? retryAfter = transient ? RetryAfter(response.Headers.RetryAfter, timeProvider) : null;
        if (retryAfter > settings.MaximumRetryDelay)
        {
            transient = false;
            problem += FormattableString.Invariant($", and asks to wait {retryAfter.Value.TotalSeconds:0.###} s, ")
                + FormattableString.Invariant(
                    $"longer than RepositoryOptions.MaximumRetryDelay ({settings.MaximumRetryDelay.TotalSeconds:0.###} s)");
        }

        return new TransferFailure(FedJobErrorCode.RepositoryRefused, problem, Hint(status))
        {
            Status = status,
            IsTransient = transient,
            RetryAfter = retryAfter,
        };
    }

    private static bool IsTransient(HttpStatusCode status) => status
        is HttpStatusCode.RequestTimeout
        or HttpStatusCode.TooManyRequests
        or HttpStatusCode.InternalServerError
        or HttpStatusCode.BadGateway
        or HttpStatusCode.ServiceUnavailable
        or HttpStatusCode.GatewayTimeout;

    private static TransferFailure OfRedirect(HttpResponseMessage response, RepositorySettings settings)
    {
        Uri? target = response.Headers.Location;
        if (target is { IsAbsoluteUri: false } && response.RequestMessage?.RequestUri is { } asked
            && Uri.TryCreate(asked, target, out Uri? whole))
        {
            target = whole;
        }

        bool elsewhere = target is not null && settings.Origins.Refusal(target) is not null;
        string shown = target is null ? "nowhere" : SafeUri.Text(target);
        return new TransferFailure(
            elsewhere ? FedJobErrorCode.UrlNotAllowed : FedJobErrorCode.RepositoryRefused,
            string.Create(CultureInfo.InvariantCulture, $"the repository answered {(int)response.StatusCode} and points to {shown}"),
            "Redirects are never followed: give RepositoryOptions.Address as the repository itself writes it.")
        {
            Status = response.StatusCode,
        };
    }

    private static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, TimeProvider timeProvider)
    {
        TimeSpan? wait = header?.Delta ?? (header?.Date - timeProvider.GetUtcNow());
        return wait > TimeSpan.Zero ? wait : null;
    }

    private static string Hint(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound or HttpStatusCode.Gone => "The file is not, or no longer, there: have it uploaded again.",
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "Check RepositoryOptions.UserName and Password.",
        HttpStatusCode.RequestEntityTooLarge => "Raise the limit at the repository.",
        HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed =>
            "Check that RepositoryOptions.Address is that of a Fed-BioMed repository.",
        _ => "Look into the repository's own log, then try again.",
    };

    // A repository says in JSON what it did not like; pages for people are of no use here.
    private static async Task<string> ExcerptAsync(HttpResponseMessage response, IdleWatch watch)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return string.Empty;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(ExcerptBytes);
        try
        {
            using Stream body = await response.Content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);
            int length = await body.ReadAtLeastAsync(buffer.AsMemory(0, ExcerptBytes), ExcerptBytes, throwOnEndOfStream: false, watch.Token)
                .ConfigureAwait(false);
            string text = Encoding.UTF8.GetString(buffer, 0, length);
            text = text.Length <= ExcerptCharacters ? text : text[..ExcerptCharacters] + "...";
            return string.Create(text.Length, text, static (shown, source) =>
            {
                for (int i = 0; i < shown.Length; i++)
                {
                    shown[i] = char.IsControl(source[i]) ? ' ' : source[i];
                }
            });
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException || watch.HasExpired)
        {
            // The status is known and says enough; its text was cut.
            return string.Empty;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

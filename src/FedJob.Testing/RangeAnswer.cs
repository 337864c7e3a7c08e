using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace FedJob.Testing;

/// <summary>Sends a file as a web server with ranges does: all of it, the part that is asked for, or a refusal.</summary>
internal static class RangeAnswer
{
    /// <summary>Sends the file; its other headers are set already.</summary>
    public static Task SendAsync(HttpContext context, StoredFile file, long length)
    {
        HttpResponse response = context.Response;
        var tag = new EntityTagHeaderValue($"\"{file.Id:N}\"");
        response.Headers.AcceptRanges = "bytes";
        response.Headers.ETag = tag.ToString();
        RequestHeaders asked = context.Request.GetTypedHeaders();
        if (asked.Range is not { Unit.Value: "bytes", Ranges.Count: 1 } range || !IsSame(asked.IfRange, tag, file))
        {
            return response.SendFileAsync(file.Location, context.RequestAborted);
        }

        RangeItemHeaderValue wanted = range.Ranges.First();
        long from = wanted.From ?? Math.Max(0, length - (wanted.To ?? 0));
        long to = wanted.From is null ? length - 1 : Math.Min(wanted.To ?? long.MaxValue, length - 1);
        if (from > to)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.ContentLength = 0;
            response.Headers.ContentRange = new ContentRangeHeaderValue(length).ToString();
            return Task.CompletedTask;
        }

        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentLength = to - from + 1;
        response.Headers.ContentRange = new ContentRangeHeaderValue(from, to, length).ToString();
        return response.SendFileAsync(file.Location, from, to - from + 1, context.RequestAborted);
    }

    private static bool IsSame(RangeConditionHeaderValue? condition, EntityTagHeaderValue tag, StoredFile file) =>
        condition is null
        || (condition.EntityTag is { } wanted && wanted.Compare(tag, useStrongComparison: true))
        || (condition.LastModified is { } date && date.ToUnixTimeSeconds() == file.CreatedAt.ToUnixTimeSeconds());
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace FedJob.Testing;

/// <summary>The repository's answers that are no files, with the headers it gives them.</summary>
internal static class RepositoryAnswers
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A JSON answer of the upload resource.</summary>
    public static Task JsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body, Compact))
        {
            write(writer);
        }

        HttpResponse response = context.Response;
        response.ContentType = "application/json";
        response.Headers.Vary = "Accept, Cookie";
        response.Headers.Allow = "GET, POST, HEAD, OPTIONS";
        AddSecurityHeaders(response, framing: true);
        return SendAsync(context, status, body.WrittenMemory);
    }

    /// <summary>A refusal about the field <c>file</c>.</summary>
    public static Task RefuseFileAsync(HttpContext context, string text) => JsonAsync(context, StatusCodes.Status400BadRequest, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("file");
        writer.WriteStringValue(text);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>A refusal of the whole request.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string text) => JsonAsync(context, status, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("detail", text);
        writer.WriteEndObject();
    });

    /// <summary>A page for people.</summary>
    public static Task PageAsync(HttpContext context, int status)
    {
        (string title, string heading, string text) = status == StatusCodes.Status404NotFound
            ? ("Not Found", "Not Found", "The requested resource was not found on this server.")
            : ("Bad Request (400)", "Bad Request (400)", string.Empty);
        string page = $"\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n<body>\n"
            + $"  <h1>{heading}</h1><p>{text}</p>\n</body>\n</html>\n";
        context.Response.ContentType = "text/html";
        AddSecurityHeaders(context.Response, framing: true);
        return SendAsync(context, status, Encoding.UTF8.GetBytes(page));
    }

    /// <summary>Points to the right path, with nothing to read.</summary>
    public static Task RedirectAsync(HttpContext context, string location)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.Location = location;
        AddSecurityHeaders(context.Response, framing: false);
        return SendAsync(context, StatusCodes.Status301MovedPermanently, ReadOnlyMemory<byte>.Empty);
    }

    /// <summary>The headers on every answer.</summary>
    public static void AddSecurityHeaders(HttpResponse response, bool framing)
    {
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "same-origin";
        if (framing)
        {
            response.Headers.XFrameOptions = "DENY";
        }
    }

    private static async Task SendAsync(HttpContext context, int status, ReadOnlyMemory<byte> body)
    {
        // What was sent and nobody read: closing on it would reset the connection before the answer arrives.
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = status;
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}

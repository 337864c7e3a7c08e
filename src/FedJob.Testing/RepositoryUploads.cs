using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FedJob.Testing;

/// <summary>The upload resource: takes files, and refuses what the original refuses, in its words.</summary>
internal sealed class RepositoryUploads(StoredFiles files)
{
    private const int LongestName = 100;
    private const int LargestJson = 1024 * 1024;
    private const string NotSubmitted = "No file was submitted.";
    private const string NotAFile = "The submitted data was not a file. Check the encoding type on the form.";

    /// <summary>Answers a request for the resource.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        string method = context.Request.Method;
        if (HttpMethods.IsPost(method))
        {
            return TakeAsync(context);
        }

        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method)
            ? ListAsync(context)
            : RepositoryAnswers.RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, $"Method \"{method}\" not allowed.");
    }

    private Task ListAsync(HttpContext context) => RepositoryAnswers.JsonAsync(context, StatusCodes.Status200OK, writer =>
    {
        writer.WriteStartArray();
        foreach (StoredFile file in files.All())
        {
            Write(writer, context.Request, file);
        }

        writer.WriteEndArray();
    });

    private async Task TakeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;

        // A body of unannounced length is no body to the original.
        if (request.ContentLength is null or 0)
        {
            await RepositoryAnswers.RefuseFileAsync(context, NotSubmitted).ConfigureAwait(false);
            return;
        }

        _ = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type);
        switch (type?.MediaType.Value?.ToUpperInvariant())
        {
            case "MULTIPART/FORM-DATA":
                using (UploadForm form = await UploadForm.ReadAsync(request, type, files, context.RequestAborted).ConfigureAwait(false))
                {
                    await AnswerFormAsync(context, form).ConfigureAwait(false);
                }

                break;
            case "APPLICATION/JSON":
                await AnswerJsonAsync(context).ConfigureAwait(false);
                break;
            case "APPLICATION/X-WWW-FORM-URLENCODED":
                IFormCollection fields = await request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
                string text = fields.ContainsKey("file") ? NotAFile : NotSubmitted;
                await RepositoryAnswers.RefuseFileAsync(context, text).ConfigureAwait(false);
                break;
            default:
                await RepositoryAnswers.RefuseAsync(
                    context,
                    StatusCodes.Status415UnsupportedMediaType,
                    $"Unsupported media type \"{request.ContentType}\" in request.").ConfigureAwait(false);
                break;
        }
    }

    private async Task AnswerFormAsync(HttpContext context, UploadForm form)
    {
        if (form.Problem is not null)
        {
            await RepositoryAnswers.RefuseAsync(context, StatusCodes.Status400BadRequest, $"Multipart form parse error - {form.Problem}")
                .ConfigureAwait(false);
            return;
        }

        if (Refusal(form) is { } refusal)
        {
            await RepositoryAnswers.RefuseFileAsync(context, refusal).ConfigureAwait(false);
            return;
        }

        StoredFile? file = files.Keep(form.Incoming!, form.FileName!);
        if (file is null)
        {
            await RepositoryAnswers.PageAsync(context, StatusCodes.Status400BadRequest).ConfigureAwait(false);
            return;
        }

        context.Response.Headers.Location = Url(context.Request, file);
        await RepositoryAnswers.JsonAsync(context, StatusCodes.Status201Created, writer => Write(writer, context.Request, file))
            .ConfigureAwait(false);
    }

    private static string? Refusal(UploadForm form)
    {
        if (form.FileName is null)
        {
            return form.HasTextOnly ? NotAFile : NotSubmitted;
        }

        if (form.Length == 0)
        {
            return "The submitted file is empty.";
        }

        int length = StoredName.Length(form.FileName);
        return length > LongestName
            ? string.Create(CultureInfo.InvariantCulture, $"Ensure this filename has at most {LongestName} characters (it has {length}).")
            : null;
    }

    private static async Task AnswerJsonAsync(HttpContext context)
    {
        if (context.Request.ContentLength > LargestJson)
        {
            await RepositoryAnswers.PageAsync(context, StatusCodes.Status400BadRequest).ConfigureAwait(false);
            return;
        }

        try
        {
            using JsonDocument json = await JsonDocument
                .ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
            bool isNamed = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("file", out _);
            await RepositoryAnswers.RefuseFileAsync(context, isNamed ? NotAFile : NotSubmitted).ConfigureAwait(false);
        }
        catch (JsonException exception)
        {
            await RepositoryAnswers.RefuseAsync(context, StatusCodes.Status400BadRequest, $"JSON parse error - {exception.Message}")
                .ConfigureAwait(false);
        }
    }

    private static void Write(Utf8JsonWriter writer, HttpRequest request, StoredFile file)
    {
        writer.WriteStartObject();
        writer.WriteString("url", Url(request, file));
        writer.WriteString("file", $"{Origin(request)}/media/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}");
        writer.WriteString("created_at", file.CreatedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    private static string Url(HttpRequest request, StoredFile file) => $"{Origin(request)}/upload/{file.Id:D}/";

    // The original builds addresses from what the client called it.
    private static string Origin(HttpRequest request) => $"{request.Scheme}://{request.Host.Value}";
}

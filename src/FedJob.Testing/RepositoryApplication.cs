using System.Globalization;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FedJob.Testing;

/// <summary>Sends each request of a local repository to what answers it.</summary>
internal sealed class RepositoryApplication : IHttpApplication<HttpContext>
{
    private const string UploadPath = "/upload/";
    private const string MediaPath = "/media/";

    private readonly StoredFiles _files;
    private readonly RepositoryUploads _uploads;
    private readonly bool _closeAfterResponse;
    private readonly bool _servesRanges;

    public RepositoryApplication(StoredFiles files, bool closeAfterResponse, bool servesRanges)
    {
        _files = files;
        _uploads = new RepositoryUploads(files);
        _closeAfterResponse = closeAfterResponse;
        _servesRanges = servesRanges;
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (_closeAfterResponse)
        {
            context.Response.Headers.Connection = "close";
        }

        string path = context.Request.Path.Value ?? string.Empty;
        bool isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (path == UploadPath)
        {
            await _uploads.AnswerAsync(context).ConfigureAwait(false);
        }
        else if (path + "/" == UploadPath)
        {
            await RepositoryAnswers.RedirectAsync(context, UploadPath + context.Request.QueryString.Value).ConfigureAwait(false);
        }
        else if (isRead && path.StartsWith(MediaPath, StringComparison.Ordinal) && _files.Find(path[MediaPath.Length..]) is { } file)
        {
            await SendAsync(context, file).ConfigureAwait(false);
        }
        else
        {
            await RepositoryAnswers.PageAsync(context, StatusCodes.Status404NotFound).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(HttpContext context, StoredFile file)
    {
        HttpResponse response = context.Response;
        var bytes = new FileInfo(file.Location);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = StoredFileHeaders.ContentType(file.Path);
        response.ContentLength = bytes.Length;
        response.Headers.ContentDisposition = StoredFileHeaders.Disposition(file.Path);
        response.Headers.LastModified = file.CreatedAt.ToString("R", CultureInfo.InvariantCulture);
        RepositoryAnswers.AddSecurityHeaders(response, framing: true);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            await SendAfterHeadAsync(context, file).ConfigureAwait(false);
            return;
        }

        _files.CountDownload();
        if (_servesRanges)
        {
            await RangeAnswer.SendAsync(context, file, bytes.Length).ConfigureAwait(false);
            return;
        }

        await response.SendFileAsync(file.Location, context.RequestAborted).ConfigureAwait(false);
    }

    // The original sends the file's bytes after the headers of a HEAD request too; Kestrel never does, so they go to the connection itself,
    // which is of no further use then.
    private static async Task SendAfterHeadAsync(HttpContext context, StoredFile file)
    {
        context.Response.Headers.Connection = "close";
        await context.Response.CompleteAsync().ConfigureAwait(false);
        IConnectionTransportFeature connection = context.Features.GetRequiredFeature<IConnectionTransportFeature>();
        using FileStream bytes = File.OpenRead(file.Location);
        await bytes.CopyToAsync(connection.Transport.Output.AsStream(), context.RequestAborted).ConfigureAwait(false);
    }
}

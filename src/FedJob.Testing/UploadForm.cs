using FedJob.Protocol.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;

namespace FedJob.Testing;

/// <summary>What an upload's form held in its field <c>file</c>.</summary>
internal sealed class UploadForm : IDisposable
{
    private const string WantedField = "file";

    /// <summary>The reader never gives its buffer back: what is larger stays until the rare collection of large objects.</summary>
    private const int ReaderBytes = 64 * 1024;

    private readonly StoredFiles _files;

    private UploadForm(StoredFiles files) => _files = files;

    /// <summary>The bare name of the file that was sent; <see langword="null"/> when none was.</summary>
    public string? FileName { get; private set; }

    /// <summary>How many bytes it has.</summary>
    public long Length { get; private set; }

    /// <summary>Where its bytes are until they are kept.</summary>
    public string? Incoming { get; private set; }

    /// <summary>Whether the field came without a file name, as text.</summary>
    public bool HasTextOnly { get; private set; }

    /// <summary>What is wrong with the form; <see langword="null"/> when it could be read.</summary>
    public string? Problem { get; private set; }

    /// <summary>Reads a form, streaming its file to disk.</summary>
    public static async Task<UploadForm> ReadAsync(
        HttpRequest request, MediaTypeHeaderValue type, StoredFiles files, CancellationToken cancellationToken)
    {
        var form = new UploadForm(files);
        try
        {
            string boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
            if (boundary.Length is 0 or > 200)
            {
                form.Problem = $"Invalid boundary in multipart: {(boundary.Length == 0 ? "None" : boundary)}";
                return form;
            }

            var reader = new MultipartReader(boundary, request.Body, ReaderBytes) { HeadersCountLimit = 32 };
            while (await reader.ReadNextSectionAsync(cancellationToken).ConfigureAwait(false) is { } section)
            {
                await form.TakeAsync(section, cancellationToken).ConfigureAwait(false);
            }

            return form;
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            form.Problem = exception.Message;
            return form;
        }
        catch
        {
            form.Dispose();
            throw;
        }
    }

    /// <summary>Removes what was not kept.</summary>
    public void Dispose()
    {
        if (Incoming is not null)
        {
            File.Delete(Incoming);
            Incoming = null;
        }
    }

    // A connection that was cut also shows as an IOException, of a kind of its own.
    private static bool IsMalformed(Exception exception) => exception is InvalidDataException
        || (exception is IOException and not BadHttpRequestException and not ConnectionResetException);

    private async Task TakeAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        FormDisposition? disposition = section.ContentDisposition is null ? null : FormDisposition.Parse(section.ContentDisposition);
        if (disposition?.Name != WantedField)
        {
            return;
        }

        if (string.IsNullOrEmpty(disposition.FileName))
        {
            HasTextOnly = true;
            return;
        }

        string name = StoredName.OfClient(disposition.FileName);
        if (name.Length == 0)
        {
            return;
        }

        // Of several files in one form the last counts.
        Dispose();
        FileName = name;
        Incoming = _files.NewIncoming();
        Length = await SaveAsync(section.Body, Incoming, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<long> SaveAsync(Stream body, string path, CancellationToken cancellationToken)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
        byte[] buffer = TransferBlocks.Rent(TransferBlocks.LargestBytes);
        try
        {
            long length = 0;
            int filled;
            while ((filled = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false)) > 0)
            {
                await RandomAccess.WriteAsync(file, buffer.AsMemory(0, filled), length, cancellationToken).ConfigureAwait(false);
                length += filled;
            }

            return length;
        }
        finally
        {
            TransferBlocks.Return(buffer);
        }
    }
}

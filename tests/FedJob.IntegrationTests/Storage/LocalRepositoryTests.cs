using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Storage;

/// <summary>What the captures do not show: renaming, odd forms, and the life of the server.</summary>
public sealed class LocalRepositoryTests : IAsyncLifetime
{
    private const string Day = "2026/11/22";
    private const string NotAFile = "{\"file\":[\"The submitted data was not a file. Check the encoding type on the form.\"]}";

    private readonly HttpClient _http = new();
    private LocalRepository _repository = null!;

    public async ValueTask InitializeAsync() => _repository = await LocalRepository.StartAsync(
        new LocalRepositoryOptions { TimeProvider = new FixedClock(new DateTimeOffset(2026, 11, 22, 20, 0, 0, TimeSpan.Zero)) },
        TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _repository.DisposeAsync();
    }

    [Theory]
    [InlineData("plain.mpk", "plain.mpk")]
    [InlineData("my file.mpk", "my_file.mpk")]
    [InlineData("my file (1).mpk", "my_file_1.mpk")]
    [InlineData("a/b/c.mpk", "c.mpk")]
    [InlineData("..\\..\\c.mpk", "c.mpk")]
    [InlineData("a&amp;b+c~d.mpk", "abcd.mpk")]
    [InlineData("é.mpk", "%C3%A9.mpk")]
    [InlineData(".hidden", ".hidden")]
    public async Task Upload_Name_StoredAsTheOriginalStoresIt(string sent, string stored)
    {
        using HttpResponseMessage response = await UploadAsync(sent, "x");

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal($"{_repository.Address}media/uploads/{Day}/{stored}", await FileUrlAsync(response));
    }

    [Fact]
    public async Task Upload_SameNameTwice_SecondGetsASuffixAndBothAreKept()
    {
        string first = await FileUrlAsync(await UploadAsync("a.mpk", "one"));
        string second = await FileUrlAsync(await UploadAsync("a.mpk", "two"));

        Assert.Matches($"/a_[A-Za-z0-9]{{7}}\\.mpk$", second);
        Assert.Equal("one", await _http.GetStringAsync(first, TestContext.Current.CancellationToken));
        Assert.Equal("two", await _http.GetStringAsync(second, TestContext.Current.CancellationToken));
        Assert.Equal(2, _repository.UploadCount);
        Assert.Equal(2, _repository.DownloadCount);
    }

    [Fact]
    public async Task Upload_PathOverHundredCharacters_CutToHundred()
    {
        string url = await FileUrlAsync(await UploadAsync(new string('n', 90) + ".mpk", "x"));

        string path = url[(_repository.Address + "media/").Length..];
        Assert.Equal(100, path.Length);
        Assert.Matches("/n+_[A-Za-z0-9]{7}\\.mpk$", path);
    }

    [Fact]
    public async Task Upload_NameOverHundredCharacters_RefusedWithItsLength()
    {
        using HttpResponseMessage response = await UploadAsync(new string('n', 101) + ".mpk", "x");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("{\"file\":[\"Ensure this filename has at most 100 characters (it has 105).\"]}", await TextAsync(response));
        Assert.Equal(0, _repository.UploadCount);
        AssertNothingKept();
    }

    [Fact]
    public async Task Upload_NameOfNothingUsable_BadRequestPage()
    {
        using HttpResponseMessage response = await UploadAsync("()", "x");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("<h1>Bad Request (400)</h1>", await TextAsync(response));
        AssertNothingKept();
    }

    [Theory]
    [InlineData("application/json", "{\"file\":\"text\"}", 400, NotAFile)]
    [InlineData("application/x-www-form-urlencoded", "file=text", 400, NotAFile)]
    [InlineData("application/x-www-form-urlencoded", "other=text", 400, "{\"file\":[\"No file was submitted.\"]}")]
    [InlineData("text/plain", "text", 415, "{\"detail\":\"Unsupported media type \\\"text/plain\\\" in request.\"}")]
    [InlineData("multipart/form-data", "text", 400, "{\"detail\":\"Multipart form parse error - Invalid boundary in multipart: None\"}")]
    public async Task Upload_OtherBody_Refused(string type, string body, int status, string text)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        using HttpResponseMessage response = await _http.PostAsync(
            new Uri(_repository.Address, "upload/"), content, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(text, await TextAsync(response));
    }

    [Fact]
    public async Task Upload_FormWithoutItsEnd_RefusedAndNothingKept()
    {
        const string Form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mpk\"\r\n\r\nx";

        RawHttp response = await RawHttp.SendAsync(
            _repository.Address,
            $"POST /upload/ HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                + $"Content-Length: {Form.Length}\r\n\r\n{Form}",
            TestContext.Current.CancellationToken);

        Assert.Equal("HTTP/1.1 400 Bad Request", response.StatusLine);
        Assert.Contains("Multipart form parse error", response.Body);
        AssertNothingKept();
    }

    [Fact]
    public async Task Upload_CutInTheMiddle_NothingKept()
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(_repository.Address.Host, _repository.Address.Port, TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes(
                    "POST /upload/ HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
                    + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mpk\"\r\n\r\nsome bytes"),
                TestContext.Current.CancellationToken);
            client.LingerState = new LingerOption(true, 0);
        }

        // A later request is answered, and the directory holds its file only.
        await UploadAsync("b.mpk", "x");
        await _repository.DisposeAsync();

        Assert.Equal(1, _repository.UploadCount);
        Assert.False(Directory.Exists(_repository.Directory));
    }

    [Fact]
    public async Task Get_List_NamesWhatWasUploaded()
    {
        string url = await FileUrlAsync(await UploadAsync("a.mpk", "x"));

        using JsonDocument list = JsonDocument.Parse(
            await _http.GetStringAsync(new Uri(_repository.Address, "upload/"), TestContext.Current.CancellationToken));

        Assert.Equal(url, Assert.Single(list.RootElement.EnumerateArray()).GetProperty("file").GetString());
    }

    [Theory]
    [InlineData("media/../../etc/passwd")]
    [InlineData("media/uploads/..%2f..%2fetc/passwd")]
    [InlineData("media/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("media//etc/passwd")]
    [InlineData("media/")]
    [InlineData("")]
    public async Task Get_PathOfNoUpload_NotFound(string path)
    {
        RawHttp response = await RawHttp.SendAsync(
            _repository.Address, $"GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n", TestContext.Current.CancellationToken);

        Assert.Equal("HTTP/1.1 404 Not Found", response.StatusLine);
    }

    [Fact]
    public async Task CloseAfterResponse_Off_OneConnectionServesSeveralRequests()
    {
        await using LocalRepository repository = await LocalRepository.StartAsync(
            new LocalRepositoryOptions { CloseAfterResponse = false }, TestContext.Current.CancellationToken);

        RawHttp responses = await RawHttp.SendAsync(
            repository.Address,
            "GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /two HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            TestContext.Current.CancellationToken);

        Assert.Contains("HTTP/1.1 404 Not Found", responses.Body);
        Assert.False(responses.Headers.ContainsKey("connection"));
    }

    [Fact]
    public async Task DisposeAsync_RequestUnderWay_ReturnsAndRemovesTheDirectory()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_repository.Address.Host, _repository.Address.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(
            "POST /upload/ HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);

        await _repository.DisposeAsync().AsTask().WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
        await _repository.DisposeAsync();

        Assert.False(Directory.Exists(_repository.Directory));
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetAsync(_repository.Address, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public async Task StartAsync_PortOutOfRange_OptionsInvalid(int port)
    {
        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => LocalRepository.StartAsync(
            new LocalRepositoryOptions { Port = port }, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, thrown.Code);
    }

    [Fact]
    public async Task StartAsync_PortTaken_OptionsInvalidNamesThePort()
    {
        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => LocalRepository.StartAsync(
            new LocalRepositoryOptions { Port = _repository.Address.Port }, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, thrown.Code);
        Assert.Contains($"127.0.0.1:{_repository.Address.Port}", thrown.Message);
    }

    private static async Task<string> TextAsync(HttpResponseMessage response) =>
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static async Task<string> FileUrlAsync(HttpResponseMessage response)
    {
        using JsonDocument answer = JsonDocument.Parse(await TextAsync(response));
        return answer.RootElement.GetProperty("file").GetString()!;
    }

    private void AssertNothingKept() => Assert.Empty(Directory.GetFiles(_repository.Directory, "*", SearchOption.AllDirectories));

    private async Task<HttpResponseMessage> UploadAsync(string name, string text)
    {
        using var file = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        file.Headers.TryAddWithoutValidation(
            "Content-Disposition", $"form-data; name=\"file\"; filename*=utf-8''{Uri.EscapeDataString(name)}");
        using var form = new MultipartFormDataContent { file };
        return await _http.PostAsync(new Uri(_repository.Address, "upload/"), form, TestContext.Current.CancellationToken);
    }
}

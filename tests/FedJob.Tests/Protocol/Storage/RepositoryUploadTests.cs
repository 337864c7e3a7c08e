using System.Net;
using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Protocol.Storage;

public sealed class RepositoryUploadTests
{
    private const string Good = "{\"url\":\"http://repository.example:8844/upload/1/\","
        + "\"file\":\"http://repository.example:8844/media/uploads/a_x.mpk\"}";

    [Fact]
    public async Task UploadAsync_File_SentAsOneFieldWithItsLengthAnnounced()
    {
        var handler = new StubHandler(() => StubHandler.Stored(Good));
        using var under = new RepositoryUnderTest(handler);
        string path = under.Directory.Write("local name.bin", "some bytes"u8.ToArray());

        UploadedFile file = await under.Client.UploadAsync(path, "a.mpk", TestContext.Current.CancellationToken);

        StubHandler.SentRequest sent = Assert.Single(handler.Requests);
        Assert.Equal(new Uri("http://repository.example:8844/upload/"), sent.Url);
        Assert.Equal(HttpMethod.Post, sent.Method);
        Assert.Equal(sent.Body.Length, sent.ContentLength);
        Assert.StartsWith("multipart/form-data; boundary=", sent.ContentType);
        string boundary = sent.ContentType!.Split('=')[1].Trim('"');
        Assert.Equal(
            $"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mpk\"\r\n\r\nsome bytes\r\n--{boundary}--\r\n",
            sent.Body);
        Assert.Equal(
            new UploadedFile(
                new Uri("http://repository.example:8844/media/uploads/a_x.mpk"),
                10,
                FileDigest.Compute("some bytes"u8, DigestAlgorithm.XxHash128)),
            file);
    }

    [Theory]
    [InlineData("http://repository.example:8844", "http://repository.example:8844/upload/")]
    [InlineData("http://repository.example:8844/base", "http://repository.example:8844/base/upload/")]
    [InlineData("http://repository.example:8844/base/", "http://repository.example:8844/base/upload/")]
    public async Task UploadAsync_AddressWithPath_UploadsBelowIt(string address, string expected)
    {
        var handler = new StubHandler(() => StubHandler.Stored(Good));
        using var under = new RepositoryUnderTest(handler, o => o.Address = new Uri(address));

        await under.Client.UploadAsync(under.Directory.Write("f", [1]), "a.mpk", TestContext.Current.CancellationToken);

        Assert.Equal(new Uri(expected), Assert.Single(handler.Requests).Url);
        Assert.Equal(new Uri(address), under.Client.Address);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("a\r\nb")]
    [InlineData("a\"b")]
    [InlineData("é.mpk")]
    [InlineData("a\0b")]
    public async Task UploadAsync_FileNameNotPlain_ArgumentError(string fileName)
    {
        var handler = new StubHandler(() => StubHandler.Stored(Good));
        using var under = new RepositoryUnderTest(handler);
        string path = under.Directory.Write("f", [1]);

        await Assert.ThrowsAsync<ArgumentException>(() => under.Client.UploadAsync(path, fileName, TestContext.Current.CancellationToken));

        Assert.Equal(0, handler.Count);
    }

    [Fact]
    public async Task UploadAsync_FileNameLength_HundredAllowedNotMore()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.Stored(Good)));
        string path = under.Directory.Write("f", [1]);

        await under.Client.UploadAsync(path, new string('a', 100), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ArgumentException>(
            () => under.Client.UploadAsync(path, new string('a', 101), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task UploadAsync_EmptyFile_RefusedBeforeAnyRequest()
    {
        var handler = new StubHandler(() => StubHandler.Stored(Good));
        using var under = new RepositoryUnderTest(handler);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => under.Client.UploadAsync(under.Directory.Write("f", []), "a", TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.Contains("empty", thrown.Message);
        Assert.Equal(0, handler.Count);
    }

    [Fact]
    public async Task UploadAsync_FileMissing_LocalFileFailed()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.Stored(Good)));

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => under.Client.UploadAsync(under.Directory.PathOf("none"), "a", TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
    }

    [Fact]
    public async Task UploadAsync_FileOverTheLimit_RefusedBeforeAnyRequest()
    {
        var handler = new StubHandler(() => StubHandler.Stored(Good));
        using var under = new RepositoryUnderTest(handler, o => o.MaximumFileBytes = 2);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.UploadAsync(under.Directory.Write("f", [1, 2, 3]), "a", TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.FileTooLarge, thrown.Code);
        Assert.Equal(0, handler.Count);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("""{"file":null}""")]
    [InlineData("""{"file":5}""")]
    [InlineData("""{"file":""}""")]
    [InlineData("""{"file":"/media/x"}""")]
    [InlineData("""{"file":"media/x"}""")]
    [InlineData("""{"file":"ftp://repository.example:8844/x"}""")]
    [InlineData("""{"file":"\ud800"}""")]
    public async Task UploadAsync_AnswerNamesNoUrl_RefusedNotRetried(string json)
    {
        var handler = new StubHandler(() => StubHandler.Stored(json));
        using var under = new RepositoryUnderTest(handler);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.UploadAsync(under.Directory.Write("f", [1]), "a", TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.RepositoryRefused, thrown.Code);
        Assert.Equal(HttpStatusCode.Created, thrown.Status);
        Assert.Equal(1, handler.Count);
    }

    [Theory]
    [InlineData("http://elsewhere.example/x")]
    [InlineData("http://user:secret@repository.example:8844/x")]
    [InlineData("https://repository.example:8844/x")]
    [Trait("input", "8")]
    public async Task UploadAsync_AnswerPointsElsewhere_UrlNotAllowed(string url)
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.Stored($"{{\"file\":\"{url}\"}}")));

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.UploadAsync(under.Directory.Write("f", [1]), "a", TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.UrlNotAllowed, thrown.Code);
        Assert.DoesNotContain("secret", thrown.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("input", "9")]
    public async Task UploadAsync_AnswerTooLong_Refused(bool announced)
    {
        using var under = new RepositoryUnderTest(new StubHandler(() =>
        {
            HttpResponseMessage response = StubHandler.Stored(Good + new string(' ', 64 * 1024));
            response.Content.Headers.ContentLength = announced ? response.Content.Headers.ContentLength : null;
            return response;
        }));

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.UploadAsync(under.Directory.Write("f", [1]), "a", TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.RepositoryRefused, thrown.Code);
        Assert.Contains("65536", thrown.Message);
    }

    [Fact]
    public async Task UploadAsync_RepositorySaysWhy_TheCallerReadsIt()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => new HttpResponseMessage(HttpStatusCode.BadRequest)
        {
            Content = new StringContent("{\"file\":[\"No file\nwas submitted.\"]}", Encoding.UTF8, "application/json"),
        }));

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.UploadAsync(under.Directory.Write("f", [1]), "a", TestContext.Current.CancellationToken));

        Assert.Equal(HttpStatusCode.BadRequest, thrown.Status);
        Assert.Contains("""{"file":["No file was submitted."]}""", thrown.Message);
    }

    [Fact]
    public async Task UploadAsync_Busy_SentAgainWhole()
    {
        var handler = new StubHandler(() => StubHandler.Status(HttpStatusCode.ServiceUnavailable), () => StubHandler.Stored(Good));
        using var under = new RepositoryUnderTest(handler);

        Task<UploadedFile> upload = under.Client.UploadAsync(
            under.Directory.Write("f", [65, 66]), "a", TestContext.Current.CancellationToken);
        await under.Clock.PassPauseAsync(TestContext.Current.CancellationToken);
        await upload;

        Assert.Equal(2, handler.Requests.Count);
        Assert.All(handler.Requests, request => Assert.Contains("\r\n\r\nAB\r\n--", request.Body));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task UploadAsync_FileChangesMeanwhile_LocalFileFailed(int growth)
    {
        const int Length = 3 * 1024 * 1024;
        var handler = new ReadingHandler();
        using var under = new RepositoryUnderTest(handler);
        string path = under.Directory.Write("f", new byte[Length]);
        handler.OnFirstBytes = () =>
        {
            using FileStream writer = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            writer.SetLength(Length + growth);
            writer.WriteByte(1);
            writer.Dispose();
            File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        };

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => under.Client.UploadAsync(path, "a", TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.Contains("changed meanwhile", thrown.Message);
    }

    /// <summary>Takes the body in and lets the test act after its first bytes.</summary>
    private sealed class ReadingHandler : HttpMessageHandler
    {
        public Action OnFirstBytes { get; set; } = () => { };

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(new Sink(() => OnFirstBytes()), cancellationToken);
            return StubHandler.Stored(Good);
        }

        private sealed class Sink(Action onFirstBytes) : MemoryStream
        {
            private bool _acted;

            public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            {
                if (!_acted && buffer.Length > 1000)
                {
                    _acted = true;
                    onFirstBytes();
                }

                return base.WriteAsync(buffer, cancellationToken);
            }
        }
    }
}

using System.Net;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Protocol.Storage;

[Trait("input", "8")]
public sealed class RepositoryOriginTests
{
    private static readonly byte[] Content = [1, 2, 3];

    [Theory]
    [InlineData("http://elsewhere.example:8844/media/x")]
    [InlineData("http://repository.example/media/x")]
    [InlineData("http://repository.example:8845/media/x")]
    [InlineData("https://repository.example:8844/media/x")]
    [InlineData("ftp://repository.example:8844/media/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("mailto:someone@repository.example")]
    [InlineData("data:text/plain,x")]
    [InlineData("http://user:secret@repository.example:8844/media/x")]
    [InlineData("http://user@repository.example:8844/media/x")]
    [InlineData("http://@repository.example:8844/media/x")]
    [InlineData("http://repository.example:8844@elsewhere.example/media/x")]
    [InlineData("http://repository.example:8844.elsewhere.example/media/x")]
    [InlineData("http://repository.example:8844\\@elsewhere.example/media/x")]
    [InlineData("http://elsewhere.example\\@repository.example:8844/media/x")]
    [InlineData("http://elsewhere.example#@repository.example:8844/media/x")]
    [InlineData("http://repository.example:8844/media/x#part")]
    [InlineData("http://repository.example:8844/media/a b")]
    [InlineData("http://repository.example:8844/media/x\r\nHost: elsewhere.example")]
    [InlineData("http://repository.example.:8844/media/x")]
    [InlineData("/media/x")]
    [InlineData("media/x")]
    [Trait("seed", "30")]
    public async Task DownloadAsync_UrlNotOfTheRepository_RefusedBeforeAnyRequest(string text)
    {
        var handler = new StubHandler(() => StubHandler.File(Content));
        using var under = new RepositoryUnderTest(handler);
        if (!Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out Uri? url))
        {
            return; // no URL at all: it cannot be given
        }

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.Client.DownloadAsync(
            new DownloadRequest { Url = url, DestinationPath = under.Destination }, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.UrlNotAllowed, thrown.Code);
        Assert.Equal(0, handler.Count);
        Assert.DoesNotContain("secret", thrown.ToString());
        Assert.DoesNotContain("secret", thrown.Location!.ToString());
        Assert.Empty(under.Directory.Files);
    }

    [Theory]
    [InlineData("http://repository.example:8844/media/x.mpk")]
    [InlineData("http://REPOSITORY.example:8844/media/x.mpk")]
    [InlineData("http://repository.example:8844/anything?version=2")]
    [InlineData("https://mirror.example/media/x.mpk")]
    [InlineData("https://mirror.example:443/media/x.mpk")]
    public async Task DownloadAsync_UrlOfAllowedOrigin_Downloads(string url)
    {
        using var under = new RepositoryUnderTest(
            new StubHandler(() => StubHandler.File(Content)), o => o.AdditionalOrigins.Add(new Uri("https://mirror.example")));

        DownloadedFile file = await under.Client.DownloadAsync(
            new DownloadRequest { Url = new Uri(url), DestinationPath = under.Destination }, TestContext.Current.CancellationToken);

        Assert.Equal(Content, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("http://elsewhere.example/x", FedJobErrorCode.UrlNotAllowed)]
    [InlineData("//elsewhere.example/x", FedJobErrorCode.UrlNotAllowed)]
    [InlineData("http://user:secret@repository.example:8844/x", FedJobErrorCode.UrlNotAllowed)]
    [InlineData("/media/y", FedJobErrorCode.RepositoryRefused)]
    [InlineData(null, FedJobErrorCode.RepositoryRefused)]
    [Trait("seed", "30")]
    public async Task DownloadAsync_Redirect_NeverFollowed(string? target, FedJobErrorCode code)
    {
        var handler = new StubHandler(() =>
        {
            HttpResponseMessage response = StubHandler.Status(HttpStatusCode.Found);
            response.Headers.Location = target is null ? null : new Uri(target, UriKind.RelativeOrAbsolute);
            return response;
        });
        using var under = new RepositoryUnderTest(handler);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken));

        Assert.Equal(code, thrown.Code);
        Assert.Equal(HttpStatusCode.Found, thrown.Status);
        Assert.Equal(1, handler.Count);
        Assert.DoesNotContain("secret", thrown.ToString());
    }

    [Fact]
    public async Task DownloadAsync_Credentials_GoToTheOwnOriginOnly()
    {
        var handler = new StubHandler(() => StubHandler.File(Content));
        using var under = new RepositoryUnderTest(handler, o =>
        {
            o.UserName = "node";
            o.Password = "pass:wörd";
            o.AdditionalOrigins.Add(new Uri("http://mirror.example"));
        });

        await under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        await under.Client.DownloadAsync(
            under.Download() with { Url = new Uri("http://mirror.example/x") }, TestContext.Current.CancellationToken);

        Assert.Equal(["Basic bm9kZTpwYXNzOnfDtnJk", null], handler.Requests.Select(request => request.Authorization));
        Assert.DoesNotContain(under.Logger.Collector.GetSnapshot(), record => record.Message.Contains("bm9kZ", StringComparison.Ordinal));
    }
}

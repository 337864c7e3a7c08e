using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FedJob.Abstractions;
using FedJob.Protocol;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Storage;

public sealed class RepositoryTlsTests : IDisposable
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly TestAuthority _authority = new();
    private readonly ScratchDirectory _scratch = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Download_CertificateOfTheTrustedAuthority_Works()
    {
        await using RawServer server = Server(_authority.Issue("127.0.0.1"));

        DownloadedFile file = await DownloadAsync(server, new TlsOptions { CertificateAuthorityPath = AuthorityFile(_authority) });

        Assert.Equal("ok", await File.ReadAllTextAsync(file.Path, Token));
    }

    [Fact]
    [Trait("fault", "19")]
    public async Task Download_CertificateOfAnotherAuthority_TypedNotRetried()
    {
        using var other = new TestAuthority();
        await using RawServer server = Server(other.Issue("127.0.0.1"));

        await AssertRefusedAsync(server, new TlsOptions { CertificateAuthorityPath = AuthorityFile(_authority) });
    }

    [Fact]
    public async Task Download_SystemTrustOnly_PrivateAuthorityRefused()
    {
        await using RawServer server = Server(_authority.Issue("127.0.0.1"));

        await AssertRefusedAsync(server, tls: null);
    }

    [Fact]
    [Trait("fault", "19")]
    public async Task Download_CertificateOfAnotherHost_TypedNotRetried()
    {
        await using RawServer server = Server(_authority.Issue("127.0.0.2"));

        await AssertRefusedAsync(server, new TlsOptions { CertificateAuthorityPath = AuthorityFile(_authority) });
    }

    [Fact]
    [Trait("fault", "19")]
    public async Task Download_CertificateExpired_TypedNotRetried()
    {
        await using RawServer server = Server(_authority.Issue("127.0.0.1", expired: true));

        await AssertRefusedAsync(server, new TlsOptions { CertificateAuthorityPath = AuthorityFile(_authority) });
    }

    [Fact]
    [Trait("fault", "19")]
    public async Task Download_ServerSpeaksClearText_TypedAndNothingSentInTheClear()
    {
        string received = "nothing";
        await using var server = new RawServer(async (stream, cancellationToken) =>
        {
            byte[] first = new byte[100];
            int length = await stream.ReadAsync(first, cancellationToken);
            received = System.Text.Encoding.Latin1.GetString(first, 0, length);
            await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), cancellationToken);
        });

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => DownloadAsync(
            new UriBuilder(server.Address) { Scheme = "https" }.Uri,
            new TlsOptions { CertificateAuthorityPath = AuthorityFile(_authority) }));

        Assert.Equal(FedJobErrorCode.RepositoryUnreachable, thrown.Code);
        Assert.DoesNotContain("GET", received);
    }

    [Fact]
    public async Task Download_ClientCertificateAsked_Shown()
    {
        string? shown = null;
        await using RawServer server = Server(_authority.Issue("127.0.0.1"), certificate => shown = certificate?.GetCertHashString());
        using X509Certificate2 own = _authority.Issue("127.0.0.9");
        var tls = new TlsOptions
        {
            CertificateAuthorityPath = AuthorityFile(_authority),
            ClientCertificatePath = _scratch.Write("own.p12", own.Export(X509ContentType.Pkcs12, "right")),
            ClientCertificatePassword = "right",
        };

        await DownloadAsync(server, tls);
        tls.ClientCertificatePassword = "wrong";
        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => DownloadAsync(server, tls));

        Assert.Equal(own.GetCertHashString(), shown);
        Assert.Equal(FedJobErrorCode.OptionsInvalid, thrown.Code);
        Assert.DoesNotContain("wrong", thrown.Message);
    }

    private static RawServer Server(X509Certificate2 certificate, Action<X509Certificate?>? onClient = null) => new(
        new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = onClient is not null,
            RemoteCertificateValidationCallback = (_, client, _, _) =>
            {
                onClient?.Invoke(client);
                return client is not null || onClient is null;
            },
        },
        RawServer.Answer(Answer));

    private string AuthorityFile(TestAuthority authority)
    {
        string path = _scratch.PathOf("ca.pem");
        File.WriteAllText(path, authority.Pem);
        return path;
    }

    private async Task AssertRefusedAsync(RawServer server, TlsOptions? tls)
    {
        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => DownloadAsync(server, tls));

        Assert.Equal(FedJobErrorCode.RepositoryUnreachable, thrown.Code);
        Assert.Contains("TLS", thrown.Message);
        Assert.Equal(1, server.Count);
        Assert.DoesNotContain("got", _scratch.Files);
    }

    private Task<DownloadedFile> DownloadAsync(RawServer server, TlsOptions? tls) => DownloadAsync(server.Address, tls);

    private async Task<DownloadedFile> DownloadAsync(Uri address, TlsOptions? tls)
    {
        using var client = new Repository(
            new RepositoryOptions { Address = address, Tls = tls, RetryDelay = TimeSpan.FromMilliseconds(1) },
            NullLogger<Repository>.Instance,
            TimeProvider.System);
        return await client.DownloadAsync(
            new DownloadRequest { Url = new Uri(address, "x"), DestinationPath = _scratch.PathOf("got") }, Token);
    }

    /// <summary>A certificate authority of a test's own.</summary>
    private sealed class TestAuthority : IDisposable
    {
        private readonly X509Certificate2 _root;

        public TestAuthority()
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=FedJob test authority", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
        }

        public string Pem => _root.ExportCertificatePem();

        public X509Certificate2 Issue(string host, bool expired = false)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Parse(host));
            request.CertificateExtensions.Add(names.Build());
            DateTimeOffset end = DateTimeOffset.UtcNow.AddDays(expired ? -1 : 1);
            using X509Certificate2 issued = request.Create(_root, DateTimeOffset.UtcNow.AddDays(-5), end, Guid.NewGuid().ToByteArray());
            using X509Certificate2 withKey = issued.CopyWithPrivateKey(key);
            return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
        }

        public void Dispose() => _root.Dispose();
    }
}

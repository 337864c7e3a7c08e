using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FedJob.Abstractions;
using FedJob.Protocol;
using FedJob.Protocol.Mqtt;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Mqtt;

public sealed class MqttLinkTlsTests : IDisposable
{
    private const string Password = "secret";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fedjob-tls-");
    private readonly X509Certificate2 _authority = Authority("CN=FedJob test authority");
    private readonly X509Certificate2 _stranger = Authority("CN=Some other authority");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connect_GoodCertificate_IsOpenAndCarriesMessages()
    {
        await using var bench = await StartAsync(Issue(_authority));

        var link = await bench.ListenAsync(bench.Topic, change: options => options.Tls = Trust(_authority));
        await link.PublishAsync(Bench.Message(bench.Topic, "x"), Token);

        Assert.Equal("x", await Bench.NextTextAsync(link, bench.Topic));
    }

    public static TheoryData<string, string> BadCertificates() => new()
    {
        { "expired", "expired" },
        { "other authority", "not trusted" },
        { "other host", "another host" },
        { "no server", "not trusted" },
    };

    [Theory]
    [MemberData(nameof(BadCertificates))]
    [Trait("fault", "19")]
    public async Task Connect_BadCertificate_IsTypedAndSaysWhy(string kind, string expected)
    {
        await using var bench = await StartAsync(kind switch
        {
            "expired" => Issue(_authority, to: DateTimeOffset.UtcNow.AddDays(-1)),
            "other authority" => Issue(_stranger),
            "other host" => Issue(_authority, host: IPAddress.Parse("192.0.2.1")),
            _ => Issue(_authority, purpose: ClientAuthentication),
        });

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => bench.ListenAsync(bench.Topic, change: options => options.Tls = Trust(_authority)));

        Assert.Equal(FedJobErrorCode.BrokerRefused, thrown.Code);
        Assert.Contains(expected, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_OwnAuthorityWithSystemTrust_IsTyped()
    {
        await using var bench = await StartAsync(Issue(_authority));

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => bench.ListenAsync(bench.Topic, change: options => options.Tls = new TlsOptions()));

        Assert.Equal(FedJobErrorCode.BrokerRefused, thrown.Code);
    }

    [Fact]
    [Trait("fault", "19")]
    public async Task Connect_TlsToAClearBroker_IsTypedAndNothingIsSentInClear()
    {
        await using var bench = await Bench.StartAsync();
        var seen = new List<byte>();
        await using var gate = new TcpGate(bench.Broker.Port) { Greeting = bytes => { seen.AddRange(bytes.Span); return []; } };

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => bench.ListenAsync(bench.Topic, change: options =>
        {
            options.Port = gate.Port;
            options.UserName = "u";
            options.Password = Password;
            options.Tls = Trust(_authority);
        }));

        Assert.Equal(FedJobErrorCode.BrokerRefused, thrown.Code);
        Assert.Equal(0x16, seen[0]);
        Assert.DoesNotContain("MQTT", System.Text.Encoding.Latin1.GetString([.. seen]), StringComparison.Ordinal);
        Assert.Equal(1, gate.Accepted);
    }

    [Fact]
    public async Task Connect_ClearToATlsBroker_IsTyped()
    {
        await using var bench = await StartAsync(Issue(_authority));

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => bench.ListenAsync(bench.Topic));

        Assert.Equal(FedJobErrorCode.BrokerRefused, thrown.Code);
        Assert.Contains("BrokerOptions.Tls", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ClientCertificateAsked_GoodOneIsLetIn()
    {
        await using var bench = await StartAsync(Issue(_authority), _authority);

        var link = await bench.ListenAsync(bench.Topic, change: options => options.Tls = Trust(_authority, ClientFile(_authority)));

        Assert.Equal(ConnectionState.Open, link.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connect_ClientCertificateAsked_NoneOrAStrangersIsTyped(bool stranger)
    {
        await using var bench = await StartAsync(Issue(_authority), _authority);

        var thrown = await Assert.ThrowsAsync<MessagingException>(
            () => bench.ListenAsync(bench.Topic, change: options => options.Tls = Trust(_authority, stranger ? ClientFile(_stranger) : null)));

        Assert.Contains(thrown.Code, new[] { FedJobErrorCode.BrokerRefused, FedJobErrorCode.BrokerAuthenticationFailed });
        Assert.Contains("TlsOptions.ClientCertificatePath", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_UnreadableFiles_IsTypedWithoutTheContents()
    {
        await using var bench = await StartAsync(Issue(_authority));
        var garbage = Path.Combine(_directory.FullName, "garbage");
        await File.WriteAllTextAsync(garbage, "no certificate", Token);
        var wrongPassword = Trust(_authority, ClientFile(_authority));
        wrongPassword.ClientCertificatePassword = "wrong";

        foreach (var tls in new[] { new TlsOptions { CertificateAuthorityPath = garbage }, new TlsOptions { ClientCertificatePath = garbage }, wrongPassword })
        {
            var thrown = await Assert.ThrowsAsync<FedJobException>(() => bench.ListenAsync(bench.Topic, change: options => options.Tls = tls));
            Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
            Assert.DoesNotContain("wrong\"", thrown.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
        _directory.Delete(recursive: true);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }

    private static X509Certificate2 Issue(
        X509Certificate2 authority, IPAddress? host = null, DateTimeOffset? to = null, string purpose = ServerAuthentication)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=FedJob test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(host ?? IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(
            authority, DateTimeOffset.UtcNow.AddDays(-10), to ?? DateTimeOffset.UtcNow.AddDays(10), Guid.NewGuid().ToByteArray());
        return certificate.CopyWithPrivateKey(key);
    }

    private static Task<Bench> StartAsync(X509Certificate2 certificate, X509Certificate2? clientAuthority = null) =>
        Bench.StartAsync(new LocalBrokerOptions { Certificate = certificate, ClientAuthority = clientAuthority });

    private string ClientFile(X509Certificate2 authority)
    {
        var path = Path.Combine(_directory.FullName, $"{Guid.NewGuid():N}.pfx");
        using var certificate = Issue(authority, purpose: ClientAuthentication);
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx, Password));
        return path;
    }

    private TlsOptions Trust(X509Certificate2 authority, string? clientPath = null)
    {
        var path = Path.Combine(_directory.FullName, $"{Guid.NewGuid():N}.pem");
        File.WriteAllText(path, authority.ExportCertificatePem());
        return new TlsOptions
        {
            CertificateAuthorityPath = path,
            ClientCertificatePath = clientPath,
            ClientCertificatePassword = clientPath is null ? null : Password,
        };
    }
}

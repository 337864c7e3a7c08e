using FedJob.Abstractions;
using FedJob.Protocol;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Protocol.Storage;

public sealed class RepositoryOptionsTests
{
    public static TheoryData<string, Action<RepositoryOptions>> BrokenRules => new()
    {
        { "RepositoryOptions.Address is not set; allowed: an absolute", o => o.Address = null },
        { "RepositoryOptions.Address is '(not-shown)'; allowed:", o => o.Address = new Uri("repository", UriKind.Relative) },
        { "RepositoryOptions.Address is 'ftp://h/'; allowed:", o => o.Address = new Uri("ftp://h/") },
        { "RepositoryOptions.Address is 'http://h/'; allowed:", o => o.Address = new Uri("http://user:secret@h/") },
        { "RepositoryOptions.Address is 'http://h/'; allowed:", o => o.Address = new Uri("http://h/?token=secret") },
        { "RepositoryOptions.Address is 'http://h/'; allowed:", o => o.Address = new Uri("http://h/#part") },
        { "RepositoryOptions.UserName is 'a:b'; allowed:", o => o.UserName = "a:b" },
        { "RepositoryOptions.UserName is ''; allowed:", o => o.UserName = string.Empty },
        { "RepositoryOptions.Password is set (not shown); allowed: only with UserName, which is not set.", o => o.Password = "secret" },
        {
            "RepositoryOptions.Tls is set; allowed: only with an https Address, which is 'http://repository.example:8844/'.",
            o => o.Tls = new TlsOptions()
        },
        { "RepositoryOptions.Tls.CertificateAuthorityPath is empty", o => Secure(o).CertificateAuthorityPath = string.Empty },
        { "RepositoryOptions.Tls.ClientCertificatePath is empty", o => Secure(o).ClientCertificatePath = string.Empty },
        { "RepositoryOptions.Tls.ClientCertificatePassword is set (not shown)", o => Secure(o).ClientCertificatePassword = "secret" },
        { "RepositoryOptions.ConnectTimeout is 00:00:00; allowed: above 0, at most 1.00:00:00.", o => o.ConnectTimeout = TimeSpan.Zero },
        { "RepositoryOptions.IdleTimeout is -00:00:01; allowed:", o => o.IdleTimeout = TimeSpan.FromSeconds(-1) },
        { "RepositoryOptions.IdleTimeout is 2.00:00:00; allowed:", o => o.IdleTimeout = TimeSpan.FromDays(2) },
        { "RepositoryOptions.RetryDelay is 00:00:00; allowed:", o => o.RetryDelay = TimeSpan.Zero },
        {
            "RepositoryOptions.RetryDelay is 00:01:00; allowed: at most MaximumRetryDelay, which is 00:00:30.",
            o => o.RetryDelay = TimeSpan.FromMinutes(1)
        },
        { "RepositoryOptions.MaximumRetryDelay is 2.00:00:00; allowed:", o => o.MaximumRetryDelay = TimeSpan.FromDays(2) },
        { "RepositoryOptions.MaximumAttempts is 0; allowed: 1 to 20.", o => o.MaximumAttempts = 0 },
        { "RepositoryOptions.MaximumAttempts is 21; allowed: 1 to 20.", o => o.MaximumAttempts = 21 },
        { "RepositoryOptions.MaximumFileBytes is 0; allowed: at least 1.", o => o.MaximumFileBytes = 0 },
        { "RepositoryOptions.AdditionalOrigins is 'http://h/path'; allowed:", o => o.AdditionalOrigins.Add(new Uri("http://h/path")) },
        { "RepositoryOptions.AdditionalOrigins is null; allowed:", o => o.AdditionalOrigins.Add(null!) },
    };

    [Fact]
    public void Validate_OnlyAddressSet_NothingBroken() => Assert.Empty(Valid().Validate());

    [Fact]
    public void Validate_HttpsWithTlsAndOrigins_NothingBroken()
    {
        RepositoryOptions options = Valid();
        Secure(options).CertificateAuthorityPath = "ca.pem";
        options.AdditionalOrigins.Add(new Uri("http://other.example:81"));

        Assert.Empty(options.Validate());
    }

    [Theory]
    [MemberData(nameof(BrokenRules))]
    public void Validate_OneRuleBroken_OneMessageWithOptionValueAndAllowed(string start, Action<RepositoryOptions> breakRule)
    {
        RepositoryOptions options = Valid();
        breakRule(options);

        string message = Assert.Single(options.Validate());

        Assert.StartsWith(start, message);
        Assert.DoesNotContain("secret", message);
    }

    [Fact]
    public void Constructor_SeveralRulesBroken_OptionsInvalidWithAllMessages()
    {
        var options = new RepositoryOptions { MaximumAttempts = 0, Password = "secret" };

        FedJobException thrown = Assert.Throws<FedJobException>(
            () => new Repository(options, NullLogger<Repository>.Instance, TimeProvider.System));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, thrown.Code);
        Assert.All(options.Validate(), message => Assert.Contains(message, thrown.Message));
        Assert.Equal(3, options.Validate().Count);
    }

    [Theory]
    [InlineData("missing.pem", null, "CertificateAuthorityPath")]
    [InlineData("junk.bin", null, "CertificateAuthorityPath")]
    [InlineData(null, "missing.p12", "ClientCertificatePath")]
    [InlineData(null, "junk.bin", "ClientCertificatePath")]
    public void Constructor_CertificateFileUnusable_OptionsInvalidNamesIt(string? authority, string? client, string named)
    {
        using var directory = new TestDirectory();
        directory.Write("junk.bin", [1, 2, 3]);
        RepositoryOptions options = Valid();
        TlsOptions tls = Secure(options);
        tls.CertificateAuthorityPath = authority is null ? null : directory.PathOf(authority);
        tls.ClientCertificatePath = client is null ? null : directory.PathOf(client);

        FedJobException thrown = Assert.Throws<FedJobException>(
            () => new Repository(options, NullLogger<Repository>.Instance, TimeProvider.System));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, thrown.Code);
        Assert.Contains(named, thrown.Message);
    }

    private static RepositoryOptions Valid() => new() { Address = new Uri(RepositoryUnderTest.Address) };

    private static TlsOptions Secure(RepositoryOptions options)
    {
        options.Address = new Uri("https://repository.example/");
        return options.Tls = new TlsOptions();
    }
}

using FedJob.Protocol;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class BrokerOptionsTests
{
    [Fact]
    public void Validate_Defaults_FindsNothing() => Assert.Empty(new BrokerOptions().Validate());

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("broker.hospital.example")]
    [InlineData("my_broker")]
    public void Validate_GoodHost_FindsNothing(string host) => Assert.Empty(new BrokerOptions { Host = host }.Validate());

    [Theory]
    [InlineData("")]
    [InlineData("mqtt://broker")]
    [InlineData("broker:1883")]
    [InlineData("two words")]
    public void Validate_BadHost_NamesIt(string host) =>
        Assert.Equal(
            [$"BrokerOptions.Host is '{host}'; allowed: a host name or an IP address, without scheme and port."], new BrokerOptions { Host = host }.Validate());

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65536)]
    public void Validate_BadPort_NamesItAndTheRange(int port) =>
        Assert.Equal([$"BrokerOptions.Port is {port}; allowed: 1 to 65535."], new BrokerOptions { Port = port }.Validate());

    [Fact]
    public void Validate_PasswordWithoutUser_SaysSoAndHidesThePassword()
    {
        var broken = Assert.Single(new BrokerOptions { Password = "hunter2" }.Validate());

        Assert.Contains("BrokerOptions.Password is set", broken, StringComparison.Ordinal);
        Assert.Contains("BrokerOptions.UserName is null", broken, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", broken, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_EmptyUserName_NamesIt() =>
        Assert.Equal(["BrokerOptions.UserName is empty; allowed: a name, or null for none."], new BrokerOptions { UserName = "" }.Validate());

    [Fact]
    public void Validate_MaximumDelayBelowFirst_PrintsBoth()
    {
        var options = new BrokerOptions { ReconnectDelay = TimeSpan.FromSeconds(5), MaximumReconnectDelay = TimeSpan.FromSeconds(2) };

        Assert.Equal(
            ["BrokerOptions.MaximumReconnectDelay is 00:00:02 and BrokerOptions.ReconnectDelay is 00:00:05; allowed: a maximum that is not below the first delay."],
            options.Validate());
    }

    [Fact]
    public void Validate_TimesOutOfRange_NamesEach()
    {
        var options = new BrokerOptions
        {
            ConnectTimeout = TimeSpan.Zero,
            PublishTimeout = TimeSpan.FromSeconds(-1),
            KeepAlive = TimeSpan.FromMilliseconds(999),
            ReconnectDelay = TimeSpan.Zero,
            MaximumReconnectDelay = TimeSpan.FromDays(2),
        };

        Assert.Equal(
            [
                "BrokerOptions.ConnectTimeout is 00:00:00; allowed: above 00:00:00, at most 1.00:00:00.",
                "BrokerOptions.PublishTimeout is -00:00:01; allowed: above 00:00:00, at most 1.00:00:00.",
                "BrokerOptions.ReconnectDelay is 00:00:00; allowed: above 00:00:00, at most 1.00:00:00.",
                "BrokerOptions.MaximumReconnectDelay is 2.00:00:00; allowed: above 00:00:00, at most 1.00:00:00.",
                "BrokerOptions.KeepAlive is 00:00:00.9990000; allowed: 00:00:01 to 18:12:15.",
            ],
            options.Validate());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    public void Validate_MessageLimitOutOfRange_NamesIt(int bytes) =>
        Assert.StartsWith(
            $"BrokerOptions.MaximumMessageBytes is {bytes}; allowed: 1 to ", Assert.Single(new BrokerOptions { MaximumMessageBytes = bytes }.Validate()), StringComparison.Ordinal);

    [Fact]
    public void Validate_MissingTlsFiles_NamesEach()
    {
        var options = new BrokerOptions { Tls = new TlsOptions { CertificateAuthorityPath = "no-such.pem", ClientCertificatePath = "no-such.pfx" } };

        Assert.Equal(
            [
                "BrokerOptions.Tls.CertificateAuthorityPath is 'no-such.pem'; allowed: a PEM file that exists.",
                "BrokerOptions.Tls.ClientCertificatePath is 'no-such.pfx'; allowed: a PKCS#12 file that exists.",
            ],
            options.Validate());
    }

    [Fact]
    public void Validate_CertificatePasswordWithoutFile_SaysSoAndHidesThePassword()
    {
        var broken = Assert.Single(new BrokerOptions { Tls = new TlsOptions { ClientCertificatePassword = "hunter2" } }.Validate());

        Assert.Contains("ClientCertificatePassword is set", broken, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", broken, StringComparison.Ordinal);
    }
}

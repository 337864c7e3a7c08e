using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;
using FedJob.Testing;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.IntegrationTests.Mqtt;

public sealed class MosquittoBrokerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RestartAsync_AfterKill_LinkComesBackAndMessagesFlow()
    {
        SkipUnlessInstalled();
        await using MosquittoBroker broker = await MosquittoBroker.StartAsync(cancellationToken: Token);
        await using MqttLink link = await ConnectAsync(broker.CreateClientOptions());
        int port = broker.Port;

        await broker.KillAsync(Token);
        await Bench.StateAsync(link, ConnectionState.Reconnecting);
        await broker.RestartAsync(Token);
        await Bench.StateAsync(link, ConnectionState.Open);

        Assert.Equal(PublishOutcome.Accepted, await link.PublishAsync(Bench.Message("general/x", "again"), Token));
        Assert.Equal("again", await Bench.NextTextAsync(link, "general/x"));
        Assert.Equal(port, broker.Port);
    }

    [Theory]
    [InlineData("p", true)]
    [InlineData("wrong", false)]
    public async Task Connect_PasswordAsked_OnlyTheRightOneOpens(string password, bool opens)
    {
        SkipUnlessInstalled();
        await using MosquittoBroker broker = await MosquittoBroker.StartAsync(
            new MosquittoBrokerOptions { UserName = "u", Password = "p" }, cancellationToken: Token);
        BrokerOptions options = broker.CreateClientOptions();
        options.Password = password;

        if (opens)
        {
            await using MqttLink link = await ConnectAsync(options);
            Assert.Equal(ConnectionState.Open, link.State);
        }
        else
        {
            MessagingException thrown = await Assert.ThrowsAsync<MessagingException>(() => ConnectAsync(options));
            Assert.Equal(FedJobErrorCode.BrokerAuthenticationFailed, thrown.Code);
        }
    }

    private static void SkipUnlessInstalled() =>
        Assert.SkipUnless(MosquittoBroker.IsInstalled, "mosquitto is not installed (looked in PATH, /usr/sbin, /usr/local/sbin).");

    private static Task<MqttLink> ConnectAsync(BrokerOptions options) => MqttLink.ConnectAsync(
        options, Bench.Settings(new MqttSubscription("general/x", 10)), new FakeLogger(), TimeProvider.System, Token);
}

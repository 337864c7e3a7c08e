using FedJob.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FedJob.Tests.DependencyInjection;

public sealed class AddFedJobTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddFedJob_Action_SetsTheOptionsOfOneProvider()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddFedJob(o => (o.ResearcherId, o.Repository.Address) = ("researcher_1", new Uri("http://repository.test/")))
            .BuildServiceProvider(validateScopes: true);

        Assert.Equal("researcher_1", services.GetRequiredService<IOptions<FedJobClientOptions>>().Value.ResearcherId);
        Assert.Same(services.GetRequiredService<FedJobClientProvider>(), services.GetRequiredService<FedJobClientProvider>());
    }

    [Fact]
    public async Task AddFedJob_Section_BindsNestedOptions()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddFedJob(Section(("Broker:Host", "broker.test"), ("Repository:Address", "http://repository.test/"), ("SearchWindow", "00:00:05")))
            .BuildServiceProvider();

        FedJobClientOptions options = services.GetRequiredService<IOptions<FedJobClientOptions>>().Value;

        Assert.Equal(("broker.test", TimeSpan.FromSeconds(5)), (options.Broker.Host, options.SearchWindow));
        Assert.Equal(new Uri("http://repository.test/"), options.Repository.Address);
    }

    [Fact]
    public async Task AddFedJob_UnknownKey_IsRefused()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddFedJob(Section(("Repository:Address", "http://repository.test/"), ("SearchWindwo", "00:00:05")))
            .BuildServiceProvider();

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(
            () => services.GetRequiredService<IOptions<FedJobClientOptions>>().Value);
        Assert.Contains("SearchWindwo", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_WrongOption_NamesOptionValueAndWhatIsAllowed()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddFedJob(o =>
        {
            o.Repository.Address = new Uri("http://repository.test/");
            o.SearchWindow = TimeSpan.FromMinutes(11);
            o.ResearcherId = "a/b";
        });
        using IHost host = builder.Build();

        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));

        Assert.Contains(refused.Failures, f => f.Contains("FedJobClientOptions.SearchWindow is 00:11:00; allowed", StringComparison.Ordinal));
        Assert.Contains(refused.Failures, f => f.Contains("FedJobClientOptions.ResearcherId is 'a/b'; allowed", StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_MissingParts_AreNamedNotThrown()
    {
        var options = new FedJobClientOptions { Broker = null!, Repository = null! };

        Assert.Equal(2, options.Validate().Count(f => f.Contains("is null", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task GetClientAsync_AfterDisposal_IsRefused()
    {
        ServiceProvider services = new ServiceCollection()
            .AddFedJob(o => o.Repository.Address = new Uri("http://repository.test/")).BuildServiceProvider();
        FedJobClientProvider provider = services.GetRequiredService<FedJobClientProvider>();

        await services.DisposeAsync();
        await provider.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await provider.GetClientAsync(Token));
    }

    [Fact]
    public async Task GetClientAsync_WrongOption_IsRefusedBeforeConnectingAndLeavesTheTurnFree()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddFedJob(o => (o.Broker.Port, o.Repository.Address) = (0, new Uri("http://repository.test/"))).BuildServiceProvider();
        FedJobClientProvider provider = services.GetRequiredService<FedJobClientProvider>();

        await Assert.ThrowsAsync<OptionsValidationException>(async () => await provider.GetClientAsync(Token));
        await Assert.ThrowsAsync<OptionsValidationException>(async () => await provider.GetClientAsync(Token));
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(v => KeyValuePair.Create("FedJob:" + v.Key, (string?)v.Value)))
        .Build()
        .GetSection("FedJob");
}

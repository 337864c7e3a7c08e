using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FedJob.Node.Hosting;

/// <summary>Adds a node to a host.</summary>
public static class FederatedNodeServiceCollectionExtensions
{
    /// <summary>
    /// Adds a node that runs while the host does. Its options are checked when the host starts. Data that is no CSV file is offered by
    /// registering
    /// <see cref="Datasets.NodeDataset"/> services; <see cref="FederatedNodeService.Node"/> leads to the running node.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddFederatedNode(this IServiceCollection services, Action<FederatedNodeOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        Add(services).Configure(configure);
        return services;
    }

    /// <summary>Adds a node that runs while the host does, with the options of a configuration section.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section; its keys are the names of the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddFederatedNode(this IServiceCollection services, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        Add(services).Bind(section);
        return services;
    }

    private static OptionsBuilder<FederatedNodeOptions> Add(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<FederatedNodeService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FederatedNodeOptions>, FederatedNodeOptionsValidator>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IHostedService, FederatedNodeService>(p => p.GetRequiredService<FederatedNodeService>()));
        return services.AddOptions<FederatedNodeOptions>().ValidateOnStart();
    }
}

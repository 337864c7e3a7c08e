using FedJob.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

// The framework's own namespace, so that AddFedJob is found without a using directive.
#pragma warning disable IDE0130 // Namespace does not match folder structure
namespace Microsoft.Extensions.DependencyInjection;
#pragma warning restore IDE0130

/// <summary>Registers FedJob in a host.</summary>
public static class FedJobServiceCollectionExtensions
{
    /// <summary>Registers <see cref="FedJobClientProvider"/>; the options are validated when the host starts.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddFedJob(this IServiceCollection services, Action<FedJob.FedJobClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<FedJob.FedJobClientOptions>().Configure(configure).ValidateOnStart();
        return services.AddCore();
    }

    /// <summary>Registers <see cref="FedJobClientProvider"/>; the options are validated when the host starts.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The configuration section with the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddFedJob(this IServiceCollection services, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<FedJob.FedJobClientOptions>().Bind(section, o => o.ErrorOnUnknownConfiguration = true).ValidateOnStart();
        return services.AddCore();
    }

    private static IServiceCollection AddCore(this IServiceCollection services)
    {
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<FedJobClientProvider>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FedJob.FedJobClientOptions>, FedJobClientOptionsValidator>());
        return services;
    }
}

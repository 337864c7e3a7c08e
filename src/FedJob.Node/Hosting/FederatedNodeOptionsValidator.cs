using Microsoft.Extensions.Options;

namespace FedJob.Node.Hosting;

/// <summary>Lets a host check the options of its node when it starts.</summary>
internal sealed class FederatedNodeOptionsValidator : IValidateOptions<FederatedNodeOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, FederatedNodeOptions options) =>
        options.Validate() is { Count: > 0 } messages ? ValidateOptionsResult.Fail(messages) : ValidateOptionsResult.Success;
}

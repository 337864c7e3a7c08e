using Microsoft.Extensions.Options;

namespace FedJob.DependencyInjection;

/// <summary>Checks the options when the host starts.</summary>
internal sealed class FedJobClientOptionsValidator : IValidateOptions<FedJobClientOptions>
{
    public ValidateOptionsResult Validate(string? name, FedJobClientOptions options) =>
        options.Validate() is { Count: > 0 } failures ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
}

using System.Net.Http.Headers;
using System.Text;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>The options as they were when the repository client was made, checked; later changes to the options have no effect.</summary>
internal sealed class RepositorySettings
{
    public required Uri Address { get; init; }

    public required Uri UploadUrl { get; init; }

    public required OriginGuard Origins { get; init; }

    public required AuthenticationHeaderValue? Credentials { get; init; }

    public required TimeSpan ConnectTimeout { get; init; }

    public required TimeSpan IdleTimeout { get; init; }

    public required int MaximumAttempts { get; init; }

    public required TimeSpan RetryDelay { get; init; }

    public required TimeSpan MaximumRetryDelay { get; init; }

    public required long MaximumFileBytes { get; init; }

    /// <summary>Takes the options over.</summary>
    /// <exception cref="FedJobException">One of them is not allowed.</exception>
    public static RepositorySettings Of(RepositoryOptions options)
    {
        IReadOnlyList<string> broken = options.Validate();
        if (broken.Count > 0)
        {
            throw new FedJobException(FedJobErrorCode.OptionsInvalid, string.Join(" ", broken));
        }

        Uri address = options.Address!;
        if (!address.AbsolutePath.EndsWith('/'))
        {
            address = new Uri(address.GetLeftPart(UriPartial.Path) + "/");
        }

        return new RepositorySettings
        {
            Address = options.Address!,
            UploadUrl = new Uri(address, "upload/"),
            Origins = new OriginGuard(address, options.AdditionalOrigins),
            Credentials = CredentialsOf(options),
            ConnectTimeout = options.ConnectTimeout,
            IdleTimeout = options.IdleTimeout,
            MaximumAttempts = options.MaximumAttempts,
            RetryDelay = options.RetryDelay,
            MaximumRetryDelay = options.MaximumRetryDelay,
            MaximumFileBytes = options.MaximumFileBytes,
        };
    }

    private static AuthenticationHeaderValue? CredentialsOf(RepositoryOptions options) => options.UserName is null
        ? null
        : new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.UserName}:{options.Password}")));
}

using System.Globalization;

namespace FedJob.Protocol.Storage;

/// <summary>Where the file repository is and how to talk to it.</summary>
public sealed class RepositoryOptions
{
    internal static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    /// <summary>
    /// The address, through a host name that nodes can reach too, e.g. <c>http://repository.example:8844/</c>: absolute, http or https,
    /// without
    /// credentials, query or fragment. Required.
    /// </summary>
    public Uri? Address { get; set; }

    /// <summary>User name for basic authentication, without a colon; sent to the address's own origin only. Default: none.</summary>
    public string? UserName { get; set; }

    /// <summary>Password for basic authentication; never logged. Default: none.</summary>
    public string? Password { get; set; }

    /// <summary>What TLS trusts and shows, for an https address. Default: the system's trust.</summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>How long connecting may take, TLS included; above 0, at most a day. Default: 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a transfer may stand still; above 0, at most a day. A transfer that moves has no other limit; after an upload the answer may take as much
    /// longer as the sending took, since the network's buffers still drain. Default: 60 s.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a transfer is tried in all; 1 to 20. Default: 4.</summary>
    public int MaximumAttempts { get; set; } = 4;

    /// <summary>
    /// The first pause before trying again; above 0, at most <see cref="MaximumRetryDelay"/>; doubles up to it, with jitter. Default: 0.5
    /// s.
    /// </summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The longest pause before trying again, at most a day; a server that asks for a longer one with Retry-After is given up. Default:
    /// 30 s.
    /// </summary>
    public TimeSpan MaximumRetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The largest file accepted or sent, in bytes; at least 1. Default: 16 GiB.</summary>
    public long MaximumFileBytes { get; set; } = 16L * 1024 * 1024 * 1024;

    /// <summary>
    /// Other origins (scheme, host, port; no path, credentials, query or fragment) that files may be downloaded from. Default: none but the
    /// address's own.
    /// </summary>
    public IList<Uri> AdditionalOrigins { get; } = [];

    /// <summary>Checks the values and the rules between them.</summary>
    /// <returns>One message for each rule that is broken: the option, its value and what is allowed; none when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var broken = new List<string>();
        CheckAddress(broken);
        CheckCredentials(broken);
        CheckTls(broken);
        CheckTime(broken, nameof(ConnectTimeout), ConnectTimeout);
        CheckTime(broken, nameof(IdleTimeout), IdleTimeout);
        CheckTime(broken, nameof(RetryDelay), RetryDelay);
        CheckTime(broken, nameof(MaximumRetryDelay), MaximumRetryDelay);
        if (RetryDelay > MaximumRetryDelay)
        {
            Break(broken, nameof(RetryDelay), Text(RetryDelay), $"at most {nameof(MaximumRetryDelay)}, which is {Text(MaximumRetryDelay)}");
        }

        if (MaximumAttempts is < 1 or > 20)
        {
            Break(broken, nameof(MaximumAttempts), Text(MaximumAttempts), "1 to 20");
        }

        if (MaximumFileBytes < 1)
        {
            Break(broken, nameof(MaximumFileBytes), Text(MaximumFileBytes), "at least 1");
        }

        return broken;
    }

    private static void CheckTime(List<string> broken, string option, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > LongestTime)
        {
            Break(broken, option, Text(value), $"above 0, at most {Text(LongestTime)}");
        }
    }

    private static void Break(List<string> broken, string option, string value, string allowed) =>
        broken.Add($"{nameof(RepositoryOptions)}.{option} is {value}; allowed: {allowed}.");

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private void CheckAddress(List<string> broken)
    {
        const string Allowed = "an absolute http or https address without credentials, query or fragment, "
            + "e.g. http://repository.example:8844/";
        if (Address is null)
        {
            Break(broken, nameof(Address), "not set", Allowed);
        }
        else if (!OriginGuard.IsPlain(Address))
        {
            Break(broken, nameof(Address), $"'{SafeUri.Text(Address)}'", Allowed);
        }

        foreach (Uri? origin in AdditionalOrigins)
        {
            if (origin is null || !OriginGuard.IsPlain(origin) || origin.AbsolutePath != "/")
            {
                Break(
                    broken,
                    nameof(AdditionalOrigins),
                    origin is null ? "null" : $"'{SafeUri.Text(origin)}'",
                    "absolute http or https origins (scheme, host, port) without path, credentials, query or fragment");
            }
        }
    }

    private void CheckCredentials(List<string> broken)
    {
        if (UserName is not null && (UserName.Length == 0 || UserName.Contains(':', StringComparison.Ordinal)))
        {
            Break(broken, nameof(UserName), $"'{UserName}'", "a name without a colon, or null");
        }

        if (Password is not null && UserName is null)
        {
            Break(broken, nameof(Password), "set (not shown)", $"only with {nameof(UserName)}, which is not set");
        }
    }

    private void CheckTls(List<string> broken)
    {
        if (Tls is null)
        {
            return;
        }

        if (Address is { IsAbsoluteUri: true } && Address.Scheme != Uri.UriSchemeHttps)
        {
            Break(broken, nameof(Tls), "set", $"only with an https {nameof(Address)}, which is '{SafeUri.Text(Address)}'");
        }

        CheckPath(broken, nameof(TlsOptions.CertificateAuthorityPath), Tls.CertificateAuthorityPath);
        CheckPath(broken, nameof(TlsOptions.ClientCertificatePath), Tls.ClientCertificatePath);
        if (Tls.ClientCertificatePassword is not null && Tls.ClientCertificatePath is null)
        {
            Break(
                broken,
                $"{nameof(Tls)}.{nameof(TlsOptions.ClientCertificatePassword)}",
                "set (not shown)",
                $"only with {nameof(TlsOptions.ClientCertificatePath)}, which is not set");
        }
    }

    private static void CheckPath(List<string> broken, string option, string? path)
    {
        if (path is { Length: 0 })
        {
            Break(broken, $"{nameof(Tls)}.{option}", "empty", "the path of a file, or null");
        }
    }
}

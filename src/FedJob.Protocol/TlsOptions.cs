namespace FedJob.Protocol;

/// <summary>TLS for a connection to a broker or repository: on when present; it never falls back to clear text.</summary>
/// <remarks>
/// The peer's certificate must be valid today, lead to a trusted authority and name the host that was asked for. Revocation lists are not
/// fetched.
/// </remarks>
public sealed class TlsOptions
{
    /// <summary>A PEM file with the certificate authorities trusted instead of the system's. Default: the system's.</summary>
    public string? CertificateAuthorityPath { get; set; }

    /// <summary>A PKCS#12 file with this side's certificate and key, for mutual TLS. Default: none.</summary>
    public string? ClientCertificatePath { get; set; }

    /// <summary>The password of <see cref="ClientCertificatePath"/>; never logged. Default: none.</summary>
    public string? ClientCertificatePassword { get; set; }

    /// <summary>Checks the values and the rules between them.</summary>
    /// <param name="owner">The name under which the user finds these options, e.g. <c>BrokerOptions.Tls</c>.</param>
    /// <returns>One message for each rule that is broken.</returns>
    internal IEnumerable<string> Validate(string owner)
    {
        if (CertificateAuthorityPath is not null && !File.Exists(CertificateAuthorityPath))
        {
            yield return $"{owner}.{nameof(CertificateAuthorityPath)} is '{CertificateAuthorityPath}'; allowed: a PEM file that exists.";
        }

        if (ClientCertificatePath is not null && !File.Exists(ClientCertificatePath))
        {
            yield return $"{owner}.{nameof(ClientCertificatePath)} is '{ClientCertificatePath}'; allowed: a PKCS#12 file that exists.";
        }

        if (ClientCertificatePassword is not null && ClientCertificatePath is null)
        {
            yield return $"{owner}.{nameof(ClientCertificatePassword)} is set (not shown) and {nameof(ClientCertificatePath)} is not set; "
                + "allowed: a password only together with the file it opens.";
        }
    }
}

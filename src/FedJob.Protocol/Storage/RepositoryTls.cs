using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FedJob.Abstractions;

namespace FedJob.Protocol.Storage;

/// <summary>Turns <see cref="TlsOptions"/> into what the HTTP stack takes; host name and dates are always checked.</summary>
internal static class RepositoryTls
{
    /// <summary>Loads the files.</summary>
    /// <exception cref="FedJobException">A file could not be loaded.</exception>
    public static SslClientAuthenticationOptions Load(TlsOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.CertificateAuthorityPath is { } authorities)
        {
            tls.CertificateChainPolicy = Trusting(LoadAuthorities(authorities));
        }

        if (options.ClientCertificatePath is { } path)
        {
            X509Certificate2Collection certificates = LoadPkcs12(path, options.ClientCertificatePassword);
            X509Certificate2? own = certificates.FirstOrDefault(certificate => certificate.HasPrivateKey);
            tls.ClientCertificateContext = own is null
                ? throw Invalid(nameof(TlsOptions.ClientCertificatePath), path, "a PKCS#12 file with a certificate and its key")
                : SslStreamCertificateContext.Create(own, certificates, offline: true);
        }

        return tls;
    }

    private static X509ChainPolicy Trusting(X509Certificate2Collection authorities)
    {
        // Private authorities rarely publish revocation lists, and a lost list must not stop a round.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static X509Certificate2Collection LoadAuthorities(string path)
    {
        const string Expected = "a readable PEM file with at least one certificate";
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception exception) when (exception is CryptographicException || LocalFileFailure.IsOne(exception))
        {
            throw Invalid(nameof(TlsOptions.CertificateAuthorityPath), path, Expected, exception);
        }

        return authorities.Count > 0 ? authorities : throw Invalid(nameof(TlsOptions.CertificateAuthorityPath), path, Expected);
    }

    private static X509Certificate2Collection LoadPkcs12(string path, string? password)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
        }
        catch (Exception exception) when (exception is CryptographicException || LocalFileFailure.IsOne(exception))
        {
            throw Invalid(nameof(TlsOptions.ClientCertificatePath), path, "a readable PKCS#12 file, with its right password", exception);
        }
    }

    private static FedJobException Invalid(string option, string path, string expected, Exception? cause = null) => new(
        FedJobErrorCode.OptionsInvalid,
        $"{nameof(RepositoryOptions)}.{nameof(RepositoryOptions.Tls)}.{option} is '{path}'; allowed: {expected}."
            + (cause is null ? string.Empty : $" The system says: {cause.Message}"),
        cause);
}

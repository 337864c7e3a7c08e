using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FedJob.Abstractions;

namespace FedJob.Protocol;

/// <summary>
/// The certificates that <see cref="TlsOptions"/> names, read once; the owner of a connection keeps them as long as it may connect again.
/// </summary>
internal sealed class TlsMaterial : IDisposable
{
    private TlsMaterial(X509Certificate2Collection? authorities, X509Certificate2? clientCertificate)
    {
        Authorities = authorities;
        ClientCertificate = clientCertificate;
    }

    /// <summary>The only roots trusted; <see langword="null"/>: the system's.</summary>
    public X509Certificate2Collection? Authorities { get; }

    /// <summary>This side's certificate with its key, if it has one.</summary>
    public X509Certificate2? ClientCertificate { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="options">Where they are.</param>
    /// <returns>The certificates; dispose them.</returns>
    /// <exception cref="FedJobException">A file cannot be read or holds no certificate.</exception>
    public static TlsMaterial Load(TlsOptions options)
    {
        X509Certificate2Collection? authorities = null;
        try
        {
            if (options.CertificateAuthorityPath is { } authorityPath)
            {
                authorities = ReadAuthorities(authorityPath);
            }

            var client = options.ClientCertificatePath is { } clientPath ? ReadClient(clientPath, options.ClientCertificatePassword) : null;
            return new TlsMaterial(authorities, client);
        }
        catch
        {
            Dispose(authorities);
            throw;
        }
    }

    /// <summary>Says why a peer's certificate is not accepted.</summary>
    /// <param name="certificate">What it presented.</param>
    /// <param name="chain">The chain the platform built, with <see cref="Authorities"/> as its roots where they are given.</param>
    /// <param name="errors">What the platform found.</param>
    /// <returns>The reason; <see langword="null"/> when the certificate is good.</returns>
    public static string? DescribeProblem(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it presented no certificate";
        }

        var problems = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            problems.Add($"its certificate ({certificate.Subject}) is for another host");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var statuses = string.Join(
                "; ", chain?.ChainStatus.Select(status => status.StatusInformation.Trim()).ToHashSet(StringComparer.Ordinal) ?? []);
            problems.Add(
                $"its certificate ({certificate.Subject}) is not trusted: "
                + $"{(statuses.Length > 0 ? statuses : "no chain to a trusted root")}");
        }

        return string.Join(", and ", problems);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ClientCertificate?.Dispose();
        Dispose(Authorities);
    }

    private static X509Certificate2Collection ReadAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            Dispose(authorities);
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed,
                $"Reading the certificate authorities from '{path}' (TlsOptions.CertificateAuthorityPath) failed: {exception.Message} "
                + "Check that the file can be read and holds certificates in PEM form.",
                exception);
        }

        return authorities.Count > 0
            ? authorities
            : throw new FedJobException(
                FedJobErrorCode.LocalFileFailed,
                $"'{path}' (TlsOptions.CertificateAuthorityPath) holds no certificate in PEM form; give a file with at least one.");
    }

    private static X509Certificate2 ReadClient(string path, string? password)
    {
        X509Certificate2 certificate;
        try
        {
            certificate = X509CertificateLoader.LoadPkcs12FromFile(path, password);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed,
                $"Reading the client certificate from '{path}' (TlsOptions.ClientCertificatePath) failed: {exception.Message} "
                + "Check that the file is PKCS#12 and that TlsOptions.ClientCertificatePassword opens it.",
                exception);
        }

        if (certificate.HasPrivateKey)
        {
            return certificate;
        }

        certificate.Dispose();
        throw new FedJobException(
            FedJobErrorCode.LocalFileFailed,
            $"'{path}' (TlsOptions.ClientCertificatePath) holds a certificate without its private key; export it together with the key.");
    }

    private static void Dispose(X509Certificate2Collection? certificates)
    {
        foreach (var certificate in certificates ?? [])
        {
            certificate.Dispose();
        }
    }
}

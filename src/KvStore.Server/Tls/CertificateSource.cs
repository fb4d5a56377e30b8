using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KvStore.Server;

/// <summary>The files of a certificate with its private key, as the web server's settings name them. Immutable.</summary>
/// <param name="Section">The section of the configuration that names them.</param>
/// <param name="Path">The certificate, with those between it and its root after it, in PEM; or everything in one PKCS #12 file.</param>
/// <param name="KeyPath">The private key in PEM; null with PKCS #12.</param>
/// <param name="Password">What the private key is encrypted with; null if it is not.</param>
internal sealed record CertificateSource(string Section, string Path, string? KeyPath, string? Password)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    public string[] Paths => KeyPath is null ? [Path] : [Path, KeyPath];

    /// <summary>Reads a section such as <c>Kestrel:Certificates:Default</c>; null if it names no file.</summary>
    public static CertificateSource? Of(IConfigurationSection section) => section["Path"] is { Length: > 0 } path
        ? new CertificateSource(section.Path, path, section["KeyPath"] is { Length: > 0 } key ? key : null, section["Password"])
        : null;

    /// <summary>Makes relative paths absolute: the web server would look beside the program, and every other path is relative to the working directory.</summary>
    public static void UseWorkingDirectory(IConfiguration configuration)
    {
        foreach (var (key, value) in configuration.GetSection(ServerCertificates.Section).AsEnumerable().ToArray())
        {
            if (value is { Length: > 0 } && (key.EndsWith(":Path", StringComparison.OrdinalIgnoreCase) || key.EndsWith(":KeyPath", StringComparison.OrdinalIgnoreCase)))
                configuration[key] = System.IO.Path.GetFullPath(value);
        }
    }

    /// <summary>Makes what a handshake needs of the files' contents, in the order of <see cref="Paths"/>.</summary>
    /// <exception cref="CryptographicException">They are no certificate with its private key.</exception>
    public SslStreamCertificateContext Parse(byte[][] contents)
    {
        var (certificate, others) = KeyPath is null ? FromPkcs12(contents[0]) : FromPem(contents[0], contents[1]);
        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage &&
            !usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == ServerAuthentication))
            throw new CryptographicException("The certificate is not for servers: its extended key usage lacks serverAuth.");

        // Offline, because a start, and a handshake, must not wait for the servers of the issuer.
        return SslStreamCertificateContext.Create(certificate, others, offline: true);
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection Others) FromPem(byte[] certificate, byte[] key)
    {
        var (text, keyText) = (Encoding.UTF8.GetString(certificate), Encoding.UTF8.GetString(key));
        var others = new X509Certificate2Collection();
        others.ImportFromPem(text);
        var own = Password is null ? X509Certificate2.CreateFromPem(text, keyText) : X509Certificate2.CreateFromEncryptedPem(text, keyText, Password);
        return (own, others);
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection Others) FromPkcs12(byte[] bytes)
    {
        var all = X509CertificateLoader.LoadPkcs12Collection(bytes, Password);
        return (all.FirstOrDefault(each => each.HasPrivateKey) ?? throw new CryptographicException("The file has no private key."), all);
    }
}

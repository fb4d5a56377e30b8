using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KvStore.Testing;

/// <summary>A certificate authority with an intermediate one, as public authorities have, that signs what a test needs.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _intermediate;

    public TestAuthority()
    {
        Root = Sign("test root", null, true, []);
        _intermediate = Sign("test intermediate", Root, true, []);
    }

    public X509Certificate2 Root { get; }

    /// <summary>A certificate for localhost with its private key.</summary>
    public X509Certificate2 Issue(string name, string usage = ServerUsage, DateTimeOffset? expiresAt = null) => Sign(name, _intermediate, false, [new Oid(usage)], expiresAt);

    /// <summary>What a server's file has: the certificate, then the one that signed it.</summary>
    public string ChainOf(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n" + _intermediate.ExportCertificatePem() + "\n";

    public static string KeyOf(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>Writes the files <c>NAME.crt</c> and <c>NAME.key</c>.</summary>
    public void Write(X509Certificate2 certificate, string directory, string name)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, name + ".key"), KeyOf(certificate));
        File.WriteAllText(Path.Combine(directory, name + ".crt"), ChainOf(certificate));
    }

    public void Dispose()
    {
        Root.Dispose();
        _intermediate.Dispose();
    }

    private static X509Certificate2 Sign(string name, X509Certificate2? issuer, bool isAuthority, OidCollection usages, DateTimeOffset? expiresAt = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.Parse("127.0.0.2"));
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        }

        var from = DateTimeOffset.UtcNow.AddDays(-2);
        var until = expiresAt ?? DateTimeOffset.UtcNow.AddDays(2);
        if (issuer is null)
            return request.CreateSelfSigned(from, until.AddDays(3));
        using var signed = request.Create(issuer, from, isAuthority ? until.AddDays(1) : until, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}

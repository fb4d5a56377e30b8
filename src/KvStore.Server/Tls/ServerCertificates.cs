using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KvStore.Server;

/// <summary>
/// The certificates of the web server's own settings, which a handshake takes as they are in their files by then. The web server by
/// itself would close the listener and its connections to take a new one.
/// </summary>
internal sealed class ServerCertificates : IDisposable
{
    /// <summary>The section of the web server's settings.</summary>
    public const string Section = "Kestrel";

    private const string DefaultSection = Section + ":Certificates:Default";

    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ReloadedFiles<SslStreamCertificateContext>? _default;
    private readonly Dictionary<string, ReloadedFiles<SslStreamCertificateContext>?> _ofEndpoints = [];

    /// <exception cref="InvalidSettingsException">A certificate cannot be used, or an address with TLS has none.</exception>
    public ServerCertificates(IConfiguration configuration, TimeProvider time, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger("KvStore.Server.Certificates");
        _time = time;
        var problems = new List<string>();
        _default = Load(configuration.GetSection(DefaultSection), problems);
        var endpoints = configuration.GetSection(Section + ":Endpoints").GetChildren().ToList();
        foreach (var endpoint in endpoints)
        {
            // The web server chooses among certificates for several names by itself.
            if (IsGiven(endpoint.GetSection("Certificate")) || endpoint.GetSection("Sni").GetChildren().Any())
                _ofEndpoints[endpoint.Key] = Load(endpoint.GetSection("Certificate"), problems);
        }

        var withoutOwn = endpoints.Count > 0 ? endpoints.Where(endpoint => !_ofEndpoints.ContainsKey(endpoint.Key)).Select(endpoint => endpoint["Url"] ?? "") : AddressSettings.Configured(configuration);
        if (!IsGiven(configuration.GetSection(DefaultSection)))
        {
            problems.AddRange(withoutOwn.Where(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)).Select(url =>
                $"{url} needs a certificate: set {DefaultSection}:Path and {DefaultSection}:KeyPath to its files in PEM, or Path and Password to those of a .pfx file. Without TLS, write http."));
        }

        if (problems.Count == 0)
            return;
        Dispose();
        throw new InvalidSettingsException(problems);
    }

    /// <summary>Gives the web server its settings, and each handshake the latest certificate of its endpoint.</summary>
    /// <param name="kestrel">The web server's options.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="acceptsClient">Which certificates of clients are accepted besides those that the operating system trusts, where an endpoint asks for them.</param>
    public void Use(KestrelServerOptions kestrel, IConfiguration configuration, Func<X509Certificate2, bool> acceptsClient)
    {
        var loader = kestrel.Configure(configuration.GetSection(Section), reloadOnChange: false);
        kestrel.ConfigureHttpsDefaults(https =>
        {
            if (_default is not null)
                https.OnAuthenticate = (_, tls) => tls.ServerCertificateContext = _default.Current;
            https.ClientCertificateValidation = (certificate, _, errors) => errors == SslPolicyErrors.None || (acceptsClient(certificate) && certificate.NotAfter.ToUniversalTime() > _time.GetUtcNow().UtcDateTime);
        });
        foreach (var (name, own) in _ofEndpoints)
            loader.Endpoint(name, endpoint => endpoint.HttpsOptions.OnAuthenticate = own is null ? null : (_, tls) => tls.ServerCertificateContext = own.Current);
    }

    public void Dispose()
    {
        _default?.Dispose();
        foreach (var own in _ofEndpoints.Values)
            own?.Dispose();
    }

    private static bool IsGiven(IConfigurationSection section) => section["Path"] is { Length: > 0 } || section["Subject"] is { Length: > 0 };

    private ReloadedFiles<SslStreamCertificateContext>? Load(IConfigurationSection section, List<string> problems)
    {
        if (CertificateSource.Of(section) is not { } source)
            return null;
        try
        {
            var files = new ReloadedFiles<SslStreamCertificateContext>(source.Paths, source.Parse, _time, context => Log(source, context), exception => _logger.CertificateUnusable(source.Section, source.Path, exception.Message));
            Log(source, files.Current);
            return files;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            problems.Add($"{source.Section} must name the files of a certificate and its private key. Given: {string.Join(", ", source.Paths)}. {exception.Message}");
            return null;
        }
    }

    private void Log(CertificateSource source, SslStreamCertificateContext context)
    {
        var certificate = context.TargetCertificate;
        var expiresAt = certificate.NotAfter.ToUniversalTime();
        if (expiresAt <= _time.GetUtcNow().UtcDateTime)
            _logger.CertificateExpired(source.Section, source.Path, certificate.Subject, expiresAt);
        else
            _logger.CertificateLoaded(source.Section, source.Path, certificate.Subject, expiresAt);
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>The service with TLS: the certificate of the latest files that can be used, on the connections that begin after that.</summary>
public sealed class ServerCertificatesTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly TestAuthority _authority = new();
    private readonly TemporaryDirectory _directories = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly LogLines _log = new();
    private readonly string _directory;

    public ServerCertificatesTests()
    {
        _directory = _directories.New();
        Directory.CreateDirectory(_directory);
    }

    [Fact]
    public async Task Connect_WithRootOnly_GetsChainAndBothVersions()
    {
        Write("one", "tls");
        await using var service = await StartAsync();
        Assert.Equal("CN=one", await SubjectAsync(service));
        foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(AddressOf(service), "/readyz")) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var client = NewClient();
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, version), (answer.StatusCode, answer.Version));
        }
    }

    [Fact]
    public async Task FilesAreOverwritten_NewConnectionsGetNewCertificate_OpenOnesStay()
    {
        Write("one", "tls");
        await using var service = await StartAsync();
        using var client = NewClient();
        var before = await ConnectionAsync(client, service);
        Write("two", "tls");
        Assert.Equal("CN=one", await SubjectAsync(service));
        _time.Advance(Interval);
        Assert.Equal("CN=two", await SubjectAsync(service));
        Assert.Equal(before, await ConnectionAsync(client, service));
    }

    [Fact]
    public async Task KubernetesSwapsDirectory_NewCertificateIsUsed()
    {
        // tls.crt -> ..data/tls.crt, ..data -> ..1, and an update renames a new link over ..data.
        Write("one", "tls", "..1");
        Write("two", "tls", "..2");
        File.CreateSymbolicLink(PathTo("..data"), "..1");
        File.CreateSymbolicLink(PathTo("tls.crt"), "..data/tls.crt");
        File.CreateSymbolicLink(PathTo("tls.key"), "..data/tls.key");
        await using var service = await StartAsync();
        Assert.Equal("CN=one", await SubjectAsync(service));

        File.Delete(PathTo("..data"));
        File.CreateSymbolicLink(PathTo("..data"), "..2");
        Directory.Delete(PathTo("..1"), recursive: true);
        _time.Advance(Interval);
        Assert.Equal("CN=two", await SubjectAsync(service));
    }

    [Fact]
    public async Task CertbotSwapsLinks_OneAfterTheOther_NothingIsReportedOfTheMiddle()
    {
        Write("one", "1", "archive");
        Write("two", "2", "archive");
        File.CreateSymbolicLink(PathTo("tls.crt"), "archive/1.crt");
        File.CreateSymbolicLink(PathTo("tls.key"), "archive/1.key");
        await using var service = await StartAsync();

        File.Delete(PathTo("tls.key"));
        File.CreateSymbolicLink(PathTo("tls.key"), "archive/2.key");
        _time.Advance(Interval);
        Assert.Equal("CN=one", await SubjectAsync(service));
        File.Delete(PathTo("tls.crt"));
        File.CreateSymbolicLink(PathTo("tls.crt"), "archive/2.crt");
        _time.Advance(Interval);
        Assert.Equal("CN=two", await SubjectAsync(service));
        Assert.Empty(_log.Errors);
    }

    [Fact]
    public async Task NewFilesAreUnusable_OldCertificateStaysAndOneErrorIsLogged()
    {
        Write("one", "tls");
        await using var service = await StartAsync();
        await File.WriteAllTextAsync(PathTo("tls.crt"), "broken", TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++)
            _time.Advance(Interval);
        Assert.Equal("CN=one", await SubjectAsync(service));
        var error = Assert.Single(_log.Errors);
        Assert.Contains($"Kestrel:Certificates:Default: the certificate {PathTo("tls.crt")} has changed and cannot be used", error.Message, StringComparison.Ordinal);

        // Another fault is another line, and the right files end it.
        File.Delete(PathTo("tls.crt"));
        for (var i = 0; i < 3; i++)
            _time.Advance(Interval);
        Assert.Equal(2, _log.Errors.Count);
        Write("two", "tls");
        _time.Advance(Interval);
        Assert.Equal("CN=two", await SubjectAsync(service));
        Assert.Equal(2, _log.Errors.Count);
    }

    [Fact]
    public async Task EndpointHasItsOwn_IsReloadedToo()
    {
        Write("default", "tls");
        Write("own", "own");
        await using var service = await StartAsync(
            ("Kestrel:Endpoints:A:Url", "http://127.0.0.1:0"), ("Kestrel:Endpoints:B:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:B:Certificate:Path", PathTo("own.crt")), ("Kestrel:Endpoints:B:Certificate:KeyPath", PathTo("own.key")));
        Assert.Equal("CN=own", await SubjectAsync(service));
        Write("own2", "own");
        Write("default2", "tls");
        _time.Advance(Interval);
        Assert.Equal("CN=own2", await SubjectAsync(service));
    }

    [Fact]
    public async Task ExpiredCertificate_IsUsedWithWarning()
    {
        using var expired = _authority.Issue("old", expiresAt: DateTimeOffset.UtcNow.AddDays(-1));
        _authority.Write(expired, _directory, "tls");
        await using var service = await StartAsync();
        Assert.Contains(_log.All, line => line.Level == LogLevel.Warning && line.Message.Contains("it has expired: CN=old", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_Pkcs12WithPassword_IsUsed()
    {
        using var own = _authority.Issue("own");
        File.WriteAllBytes(PathTo("tls.pfx"), own.Export(X509ContentType.Pfx, "secret"));
        using var certificates = Read(("urls", "https://*:443"), ("Kestrel:Certificates:Default:Path", PathTo("tls.pfx")), ("Kestrel:Certificates:Default:Password", "secret"));
        Assert.Single(_log.All, line => line.Message.Contains("is in use: CN=own, until ", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.All, line => line.Message.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_AddressWithoutCertificate_SaysWhatToSet()
    {
        foreach (var key in (string[])["urls", "https_ports", "Kestrel:Endpoints:A:Url"])
        {
            var exception = Assert.Throws<InvalidSettingsException>(() => Read((key, key == "https_ports" ? "443" : "https://*:443")));
            Assert.StartsWith("https://*:443 needs a certificate: set Kestrel:Certificates:Default:Path and ", Assert.Single(exception.Problems), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("missing", "Could not find file")]
    [InlineData("mismatch", "")]
    [InlineData("client", "is not for servers")]
    public void Read_UnusableFiles_AreRefused(string fault, string reason)
    {
        using var own = _authority.Issue("own", fault == "client" ? TestAuthority.ClientUsage : TestAuthority.ServerUsage);
        using var other = _authority.Issue("other");
        if (fault != "missing")
            _authority.Write(own, _directory, "tls");
        if (fault == "mismatch")
            File.WriteAllText(PathTo("tls.key"), TestAuthority.KeyOf(other));
        var exception = Assert.Throws<InvalidSettingsException>(() => Read(Settings()));
        var problem = Assert.Single(exception.Problems);
        Assert.StartsWith("Kestrel:Certificates:Default must name the files of a certificate and its private key. Given: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _directories.Dispose();
        _log.Dispose();
    }

    private static Uri AddressOf(KvServer service) =>
        new(service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(address => address.StartsWith("https:", StringComparison.Ordinal)));

    private static async Task<string> ConnectionAsync(HttpClient client, KvServer service)
    {
        using var answer = await client.GetAsync(new Uri(AddressOf(service), "/connection"), TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task<KvServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var options = new KvServerOptions
        {
            Log = _log,
            Services = services => services.AddSingleton<TimeProvider>(_time),
            Handler = context => context.Response.WriteAsync(context.Connection.Id),
        };
        foreach (var (name, value) in (IEnumerable<(string, string)>)[("urls", "http://127.0.0.1:0;https://127.0.0.1:0"), .. Settings(), .. settings])
            options.Settings[name] = value;
        return await KvServer.StartAsync(options);
    }

    private ServerCertificates Read(params (string Key, string Value)[] settings)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        return new ServerCertificates(KvStoreSettingsTests.Configuration(settings), _time, loggers);
    }

    private (string Key, string Value)[] Settings() => [("Kestrel:Certificates:Default:Path", PathTo("tls.crt")), ("Kestrel:Certificates:Default:KeyPath", PathTo("tls.key"))];

    private string PathTo(string name) => Path.Combine(_directory, name);

    private void Write(string subject, string name, string directory = "")
    {
        using var certificate = _authority.Issue(subject);
        _authority.Write(certificate, PathTo(directory), name);
    }

    private HttpClient NewClient() => new(new SocketsHttpHandler { UseProxy = false, SslOptions = { CertificateChainPolicy = Policy() } });

    // Trusts the root alone, so that the service must send the certificate between.
    private X509ChainPolicy Policy() => new() { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { _authority.Root }, RevocationMode = X509RevocationMode.NoCheck };

    private async Task<string> SubjectAsync(KvServer service)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, AddressOf(service).Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = Policy() }, TestContext.Current.CancellationToken);
        return tls.RemoteCertificate!.Subject;
    }
}

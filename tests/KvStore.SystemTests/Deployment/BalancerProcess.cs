using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace KvStore.SystemTests;

/// <summary>A load balancer or proxy with the shipped configuration, in which only addresses and files are other ones. Disposing kills it.</summary>
internal sealed class BalancerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;
    private readonly string _root;
    private readonly OutputLines _output = new();

    private BalancerProcess(string directory, string root, int port, ProcessStartInfo start)
    {
        (_directory, _root) = (directory, Path.Combine(directory, root));
        Address = new Uri($"https://localhost:{port}");
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        void Keep(string? line)
        {
            if (line is not null)
                _output.Add(line);
        }
    }

    public Uri Address { get; }

    /// <summary>What it logged.</summary>
    public string Output => _output.ToString();

    /// <summary>Starts one of them, by name, in front of a service.</summary>
    public static Task<BalancerProcess> StartAsync(string name, int servicePort) => StartAsync(name, [servicePort]);

    /// <summary>Starts HAProxy in front of several replicas.</summary>
    public static Task<BalancerProcess> StartAsync(IEnumerable<int> replicaPorts) => StartAsync("haproxy", [.. replicaPorts]);

    private static async Task<BalancerProcess> StartAsync(string name, int[] servicePorts)
    {
        var directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        await File.WriteAllTextAsync(Path.Combine(directory, "kvstore.pem"), authority.ChainOf(certificate) + TestAuthority.KeyOf(certificate), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(directory, "root.crt"), authority.Root.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var port = FreePort();
        var service = $"127.0.0.1:{servicePorts[0]}";
        var balancer = new BalancerProcess(directory, name == "caddy" ? "caddy/pki/authorities/local/root.crt" : "root.crt", port, name switch
        {
            "haproxy" => Haproxy(directory, port, servicePorts),
            "nginx" => Nginx(directory, port, service),
            _ => Caddy(directory, port, service),
        });
        try
        {
            await balancer.WhenListeningAsync(port);
            if (name == "caddy")
                await balancer.WhenCertifiedAsync();
            return balancer;
        }
        catch
        {
            await balancer.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client that trusts it, and nothing else.</summary>
    public HttpClient NewClient() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions =
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(_root) },
            },
        },
    })
    {
        BaseAddress = Address,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>A port that nothing uses at this moment.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // nginx ends its workers when it is asked to stop; killed, it would leave them.
            Signals.Send(_process.Id, Signal.Terminate);
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static ProcessStartInfo Haproxy(string directory, int port, int[] servicePorts)
    {
        const string Server = "    server kvstore \"${KVSTORE_SERVER-127.0.0.1:8080}\" check maxconn 4000\n";
        var configuration = ConfigurationOf("haproxy/haproxy.cfg");
        if (servicePorts.Length > 1)
        {
            var text = File.ReadAllText(configuration);
            Assert.Contains(Server, text, StringComparison.Ordinal);
            configuration = Path.Combine(directory, "haproxy.cfg");
            File.WriteAllText(configuration, text.Replace(
                Server, string.Concat(servicePorts.Select((replica, i) => $"    server replica{i} 127.0.0.1:{replica} check maxconn 4000\n")), StringComparison.Ordinal));
        }

        return new("haproxy", ["-db", "-f", configuration])
        {
            Environment =
            {
                ["KVSTORE_BIND"] = $"127.0.0.1:{port}",
                ["KVSTORE_CERTIFICATE"] = Path.Combine(directory, "kvstore.pem"),
                ["KVSTORE_SERVER"] = $"127.0.0.1:{servicePorts[0]}",
            },
        };
    }

    private static ProcessStartInfo Nginx(string directory, int port, string service)
    {
        // Where the package of the system keeps them, only root may write.
        var temporary = string.Concat(from kind in (string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] select $"{kind}_temp_path {directory}/{kind};\n");
        var text = File.ReadAllText(ConfigurationOf("nginx/nginx.conf"));
        foreach (var (shipped, used) in (ReadOnlySpan<(string, string)>)[
            ("server 127.0.0.1:8080", $"server {service}"), ("listen 443 ssl", $"listen 127.0.0.1:{port} ssl"), ("/etc/nginx/kvstore.pem", $"{directory}/kvstore.pem"),
            ("/run/nginx.pid", $"{directory}/nginx.pid"), ("http {\n", "http {\n" + temporary)])
        {
            Assert.Contains(shipped, text, StringComparison.Ordinal);
            text = text.Replace(shipped, used, StringComparison.Ordinal);
        }

        var configuration = Path.Combine(directory, "nginx.conf");
        File.WriteAllText(configuration, text);
        return new ProcessStartInfo("nginx", ["-p", directory, "-c", configuration, "-g", $"daemon off;{(Environment.IsPrivilegedProcess ? " user root;" : "")}"]);
    }

    private static ProcessStartInfo Caddy(string directory, int port, string service)
    {
        // Its own authority issues the certificate, which must not become one that this machine trusts.
        var configuration = Path.Combine(directory, "Caddyfile");
        File.WriteAllText(configuration, "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tgrace_period 1s\n}\n" + File.ReadAllText(ConfigurationOf("caddy/Caddyfile")));
        return new ProcessStartInfo("caddy", ["run", "--adapter", "caddyfile", "--config", configuration])
        {
            Environment =
            {
                ["KVSTORE_SITE"] = $"localhost:{port}",
                ["KVSTORE_SERVER"] = service,
                ["HOME"] = directory,
                ["XDG_DATA_HOME"] = directory,
                ["XDG_CONFIG_HOME"] = directory,
            },
        };
    }

    private static string ConfigurationOf(string path) => Path.Combine(Repository.Root, "deploy", path);

    // Caddy listens before its authority has issued the certificate.
    private async Task WhenCertifiedAsync()
    {
        using var client = NewClient();
        while (true)
        {
            try
            {
                using var response = await client.GetAsync("/livez", TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
                return;
            }
            catch (HttpRequestException exception) when (exception.InnerException is System.Security.Authentication.AuthenticationException && !_process.HasExited)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    private async Task WhenListeningAsync(int port)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"It ended with code {_process.ExitCode}.\n{Output}");
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, patience.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, patience.Token);
            }
        }
    }
}

using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>TLS and HTTP/2 as curl, openssl and the health check meet them.</summary>
[Trait("Needs", "packages")]
public sealed partial class TlsTests
{
    [Fact]
    public async Task Serve_WithCertificate_RealClientsConnect()
    {
        using var authority = new TestAuthority();
        using var directories = new TemporaryDirectory();
        var directory = directories.New();
        using var certificate = authority.Issue("service");
        authority.Write(certificate, directory, "tls");
        await File.WriteAllTextAsync(Path.Combine(directory, "root.crt"), authority.Root.ExportCertificatePem(), TestContext.Current.CancellationToken);

        // Of both kinds, because the harness waits for an address without TLS.
        await using var server = await ServerProcess.Launch(
            ["--urls", "http://127.0.0.1:0;https://127.0.0.1:0", "--Kestrel:Certificates:Default:Path", $"{directory}/tls.crt", "--Kestrel:Certificates:Default:KeyPath", $"{directory}/tls.key"]).WhenReadyAsync();
        var address = Https().Match(server.Output.ToString()).Value;
        await using var bash = new Bash();

        Assert.Equal("{\"status\":\"ready\"} 1.1", (await bash.RunAsync($"curl --http1.1 --cacert {directory}/root.crt {address}/readyz -w ' %{{http_version}}'")).Output);
        Assert.Equal("{\"status\":\"ready\"} 2", (await bash.RunAsync($"curl --cacert {directory}/root.crt {address}/readyz -w ' %{{http_version}}'")).Output);
        Assert.Equal(60, (await bash.RunAsync($"curl {address}/readyz")).ExitCode);

        var shown = (await bash.RunAsync($"openssl s_client -connect {address["https://".Length..]} -CAfile {directory}/root.crt -verify_return_error -alpn h2")).Output;
        Assert.Contains("Verify return code: 0 (ok)", shown, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: h2", shown, StringComparison.Ordinal);
        Assert.Contains("CN = test intermediate", shown, StringComparison.Ordinal);

        await using var check = ServerProcess.Launch(["healthcheck", "--urls", address]);
        Assert.Equal(0, await check.WaitForExitAsync(ServerProcess.StartTimeout));
    }

    [Fact]
    public async Task Serve_ClientCertificate_IsAKey()
    {
        using var authority = new TestAuthority();
        using var directories = new TemporaryDirectory();
        var directory = directories.New();
        var names = (string[])["tls", "known", "unknown"];
        foreach (var name in names)
        {
            using var certificate = authority.Issue(name, name == "tls" ? TestAuthority.ServerUsage : TestAuthority.ClientUsage);
            authority.Write(certificate, directory, name);
            if (name == "known")
            {
                var keys = $$"""{"keys":[{"name":"known","hash":"{{certificate.GetCertHashString(HashAlgorithmName.SHA256)}}","rights":["write"],"prefixes":["a/"]}]}""";
                await File.WriteAllTextAsync(Path.Combine(directory, "keys.json"), keys, TestContext.Current.CancellationToken);
            }
        }

        await using var server = ServerProcess.Launch(
        [
            "--keys", $"{directory}/keys.json", "--engine", "memory", "--Kestrel:Certificates:Default:Path", $"{directory}/tls.crt", "--Kestrel:Certificates:Default:KeyPath", $"{directory}/tls.key",
            "--Kestrel:Endpoints:A:Url", "http://127.0.0.1:0", "--Kestrel:Endpoints:B:Url", "https://127.0.0.1:0", "--Kestrel:Endpoints:B:ClientCertificateMode", "AllowCertificate",
        ]);
        await server.WhenReadyAsync();
        var address = Https().Match(server.Output.ToString()).Value;
        await using var bash = new Bash();
        Assert.Equal("201", await StatusAsync("known", "-X PUT -d v", "a/1"));
        Assert.Equal("403", await StatusAsync("known", "", "a/1"));
        Assert.Equal("403", await StatusAsync("known", "-X PUT -d v", "b/1"));
        Assert.Equal("401", await StatusAsync(null, "", "a/1"));
        Assert.Equal("000", await StatusAsync("unknown", "", "a/1"));

        async Task<string> StatusAsync(string? certificate, string arguments, string key)
        {
            var own = certificate is null ? "" : $"--cert {directory}/{certificate}.crt --key {directory}/{certificate}.key";
            return (await bash.RunAsync($"curl -s -k -o /dev/null -w '%{{http_code}}' {own} {arguments} {address}/v1/kv/{key} 2>/dev/null")).Output;
        }
    }

    [Fact]
    public async Task Serve_EndpointOfHttp2WithoutTls_PriorKnowledgeIsAnswered()
    {
        await using var server = ServerProcess.Launch(["--Kestrel:Endpoints:Main:Url", "http://127.0.0.1:0", "--Kestrel:Endpoints:Main:Protocols", "Http2"]);
        await server.WaitUntilItListensAsync();
        await using var bash = new Bash();
        Assert.Equal("{\"status\":\"ready\"} 2", (await bash.RunAsync($"curl --retry 5 --http2-prior-knowledge {server.Address}readyz -w ' %{{http_version}}'")).Output);

        await using var check = ServerProcess.Launch(["healthcheck", "--urls", server.Address.GetLeftPart(UriPartial.Authority)]);
        Assert.Equal(0, await check.WaitForExitAsync(ServerProcess.StartTimeout));
    }

    [Fact]
    public async Task Serve_HttpsWithoutCertificate_RefusesBeforeLoading()
    {
        await using var server = ServerProcess.Launch(["--urls", "https://127.0.0.1:0"]);
        Assert.Equal(2, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        Assert.Contains("https://127.0.0.1:0 needs a certificate: set Kestrel:Certificates:Default:Path", server.Error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(server.WorkingDirectory, "data")));
    }

    [GeneratedRegex(@"https://127\.0\.0\.1:[1-9]\d*")]
    private static partial Regex Https();
}

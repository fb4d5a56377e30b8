using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;

namespace KvStore.Etcd.Tests;

/// <summary>Users and certificates of a real etcd.</summary>
[Trait("Needs", "packages")]
public sealed class CredentialTests : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Token_LostByARestart_IsRenewed()
    {
        await using var cluster = await EtcdCluster.StartAsync(1);
        await EnableUsersAsync(cluster.Endpoints[0]);
        await using var client = Client(cluster, "kv", "secret");
        await client.PutAsync("kv/1", "1");

        await cluster.Members[0].KillAsync();
        await cluster.Members[0].RestartAsync();

        await client.PutUntilDoneAsync("kv/1", "2");
        Assert.Equal("2", await client.ReadAsync("kv/1"));
    }

    [Fact]
    public async Task Token_Expires_IsRenewed()
    {
        using var key = RSA.Create(2048);
        var directory = Directory.CreateDirectory(_files.New()).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "public"), key.ExportSubjectPublicKeyInfoPem(), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(directory, "private"), key.ExportRSAPrivateKeyPem(), Cancellation);
        await using var cluster = await EtcdCluster.StartAsync(1, "--auth-token", $"jwt,pub-key={directory}/public,priv-key={directory}/private,sign-method=RS256,ttl=1s");
        await EnableUsersAsync(cluster.Endpoints[0]);
        await using var client = Client(cluster, "kv", "secret");

        // Longer than a token lives.
        var end = TimeProvider.System.GetUtcNow().AddSeconds(2.5);
        while (TimeProvider.System.GetUtcNow() < end)
            await client.PutAsync("kv/1", "1");
    }

    [Fact]
    public async Task User_WrongOrWithoutRights_IsNotPermitted()
    {
        await using var cluster = await EtcdCluster.StartAsync(1);
        await EnableUsersAsync(cluster.Endpoints[0]);

        await using var stranger = Client(cluster, "kv", "wrong");
        Assert.Equal(EtcdFailure.NotPermitted, (await Requests.FailAsync(stranger.PutAsync("kv/1", "1"))).Failure);
        await using var anonymous = Requests.Client(cluster.Endpoints);
        var failure = await Requests.FailAsync(anonymous.PutAsync("kv/1", "1"));
        Assert.Equal(EtcdFailure.NotPermitted, failure.Failure);
        Assert.Contains("Set a user", failure.Message, StringComparison.Ordinal);

        await using var user = Client(cluster, "kv", "secret");
        Assert.Equal(EtcdFailure.NotPermitted, (await Requests.FailAsync(user.PutAsync("other", "1"))).Failure);
        await using var watch = user.WatchAsync(Requests.Watch("other"), Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.Equal(EtcdFailure.NotPermitted, (await Requests.FailAsync(watch.MoveNextAsync().AsTask())).Failure);
        Assert.NotNull((await user.ReportAsync(Cancellation)).Members[0].Status);
    }

    [Fact]
    public async Task Tls_Certificates_AreUsedAndChecked()
    {
        using var authority = new TestAuthority();
        using var strange = new TestAuthority();
        var directory = Directory.CreateDirectory(_files.New()).FullName;
        using (var server = authority.Issue("localhost"))
            authority.Write(server, directory, "server");
        using (var user = authority.Issue("user", TestAuthority.ClientUsage))
            authority.Write(user, directory, "user");
        await File.WriteAllTextAsync(Path.Combine(directory, "ca"), authority.Root.ExportCertificatePem(), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(directory, "strange"), strange.Root.ExportCertificatePem(), Cancellation);
        await using var cluster = await EtcdCluster.StartAsync(1, "https",
            ["--cert-file", $"{directory}/server.crt", "--key-file", $"{directory}/server.key", "--trusted-ca-file", $"{directory}/ca", "--client-cert-auth"]);

        await using var client = Connect("ca", "user");
        await client.PutAsync("key", "1");
        Assert.Equal("1", await client.ReadAsync("key"));

        await using var unsure = Connect("strange", "user");
        var failure = await Requests.FailAsync(unsure.PutAsync("key", "2"));
        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
        Assert.Contains("certificate", failure.Message, StringComparison.Ordinal);
        await using var anonymous = Connect("ca", null);
        await Requests.FailAsync(anonymous.PutAsync("key", "3"));
        await using var broken = Connect("missing", "user");
        Assert.Contains("missing", (await Requests.FailAsync(broken.PutAsync("key", "4"))).Message, StringComparison.Ordinal);
        Assert.Equal("1", await client.ReadAsync("key"));

        EtcdClient Connect(string ca, string? user) => Requests.Client(new EtcdClientOptions
        {
            Endpoints = cluster.Endpoints,
            CaFile = Path.Combine(directory, ca),
            CertificateFile = user is null ? null : Path.Combine(directory, user + ".crt"),
            KeyFile = user is null ? null : Path.Combine(directory, user + ".key"),
        });
    }

    public void Dispose() => _files.Dispose();

    private EtcdClient Client(EtcdCluster cluster, string user, string password)
    {
        var file = _files.New();
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, password + "\n");
        return Requests.Client(new EtcdClientOptions { Endpoints = cluster.Endpoints, UserName = user, PasswordFile = file });
    }

    // Users root and kv; kv may do everything below kv/.
    private static async Task EnableUsersAsync(Uri endpoint)
    {
        using var http = new HttpClient { BaseAddress = endpoint };
        foreach (var user in new[] { "root", "kv" })
        {
            await PostAsync("user/add", new { name = user, password = "secret" });
            await PostAsync("role/add", new { name = user });
            await PostAsync("user/grant", new { user, role = user });
        }

        await PostAsync("role/grant", new { name = "kv", perm = new { permType = 2, key = Encoding.UTF8.GetBytes("kv/"), range_end = Encoding.UTF8.GetBytes("kv0") } });
        await PostAsync("enable", new { });

        async Task PostAsync(string path, object body)
        {
            using var response = await http.PostAsJsonAsync("/v3/auth/" + path, body, Cancellation);
            Assert.True(response.IsSuccessStatusCode, $"{path}: {await response.Content.ReadAsStringAsync(Cancellation)}");
        }
    }
}

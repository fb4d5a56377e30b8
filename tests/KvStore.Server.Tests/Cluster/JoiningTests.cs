using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace KvStore.Server.Tests;

public sealed class JoiningTests
{
    private static readonly (string Name, string Value)[] Acme = [("Origins:acme:Prefix", "rates/"), ("Origins:acme:Http:Url", "https://vendor.example/{key}")];

    private static string Invitation(Func<JoinInvitation, JoinInvitation>? change = null)
    {
        using var utf8 = new MemoryStream();
        using (var json = new Utf8JsonWriter(utf8))
            (change?.Invoke(JoinInvitation.Example) ?? JoinInvitation.Example).Write(json);
        return Encoding.UTF8.GetString(utf8.ToArray());
    }

    [Fact]
    public async Task Invitation_IsReadAsItWasWritten()
    {
        var read = JoinInvitation.Read(Encoding.UTF8.GetBytes(Invitation()))!;
        Assert.Equal(JoinInvitation.Example.Settings, read.Settings);
        Assert.Equal(JoinInvitation.Example.Etcd, read.Etcd);
        Assert.Equal(JoinInvitation.Example with { Settings = read.Settings, Etcd = read.Etcd }, read);
        await using var server = await KvServer.StartAsync();
        var answer = await server.Client.GetAsync("/v1/cluster/join");
        Assert.Equal(SharedSettings.Of(new KvStoreOptions()), JoinInvitation.Read(Encoding.UTF8.GetBytes(answer.Text))!.Settings);
    }

    [Fact]
    public async Task Join_TakesEtcdAndSettings_AndSendsTheToken()
    {
        using var data = new TemporaryDirectory();
        await using var other = new OneAnswer(200, Invitation(invitation => invitation with
        {
            Etcd = ["https://a:1", "https://b:2"],
            EtcdPrefix = "other/",
            EtcdCa = "-----BEGIN",
            Settings = [("ValueBytesMax", "2MiB"), ("LaterSetting", "1")],
        }));
        var configuration = Configuration(("Join", other.Url), ("JoinToken", "kv_secret"), ("Data", data.New()));
        await Joining.PrepareAsync(configuration);
        Assert.Equal(
            ("etcd", "https://a:1,https://b:2", "other/", "2MiB"),
            (configuration["KvStore:Engine"], configuration["KvStore:Etcd"], configuration["KvStore:EtcdPrefix"], configuration["KvStore:ValueBytesMax"]));
        Assert.Null(configuration["KvStore:LaterSetting"]);
        Assert.Equal("-----BEGIN", await File.ReadAllTextAsync(configuration["KvStore:EtcdCaFile"]!, TestContext.Current.CancellationToken));
        Assert.Contains("GET /v1/cluster/join HTTP/1.1", other.Request, StringComparison.Ordinal);
        Assert.Contains("Authorization: Bearer kv_secret", other.Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoJoin_ChangesNothing()
    {
        var configuration = Configuration(("Join", "none"));
        await Joining.PrepareAsync(configuration);
        Assert.Null(configuration["KvStore:Engine"]);
    }

    [Fact]
    public async Task SettingDiffers_IsNamedWithBothValues()
    {
        await using var other = new OneAnswer(200, Invitation());
        await RefusedAsync(
            $"KvStore:EtcdPrefix must be the same on all replicas: it is kvstore/ at {other.Url}, and mine/ here. Leave it out, and it is taken from there. " +
            $"KvStore:ValueBytesMax must be the same on all replicas: it is 1MiB at {other.Url}, and 2MiB here. Leave it out, and it is taken from there.",
            ("Join", other.Url), ("ValueBytesMax", "2097152"), ("EtcdPrefix", "mine/"));
    }

    [Fact]
    public async Task SettingIsTheSame_InOtherWords_Joins()
    {
        await using var other = new OneAnswer(200, Invitation());
        await Joining.PrepareAsync(Configuration(("Join", other.Url), ("ValueBytesMax", "1048576"), ("EtcdPrefix", "kvstore/"), ("Engine", "ETCD")));
    }

    [Fact]
    public async Task OriginDiffers_IsNamedWithBothValues()
    {
        // The invitation of a service with an origin, as it is.
        await using var server = await KvServer.StartAsync([.. Acme.Select(setting => ("KvStore:" + setting.Name, setting.Value))]);
        var answer = (await server.Client.GetAsync("/v1/cluster/join")).Expect(200).Text.Replace("\"memory\"", "\"etcd\"", StringComparison.Ordinal).Replace("\"etcd\":[]", "\"etcd\":[\"http://e:1\"]", StringComparison.Ordinal);
        Assert.DoesNotContain("vendor.example", answer, StringComparison.Ordinal);
        await using var other = new OneAnswer(200, answer);
        await using var another = new OneAnswer(200, answer);
        await using var third = new OneAnswer(200, answer);

        // In other words, and with resources of its own.
        await Joining.PrepareAsync(Configuration([("Join", other.Url), .. Acme, ("Origins:acme:FreshFor", "300s"), ("Origins:acme:Workers:Max", "5"), ("Origins:acme:Http:Headers:Authorization", "secret")]));
        await RefusedAsync(
            $"KvStore:Origins:acme:FreshFor must be the same on all replicas: it is 5m at {another.Url}, and 1m here. Copy the settings of origins from there.",
            [("Join", another.Url), .. Acme, ("Origins:acme:FreshFor", "1m")]);
        var missing = await Assert.ThrowsAsync<InvalidSettingsException>(() => Joining.PrepareAsync(Configuration(("Join", third.Url))));
        Assert.Contains($"KvStore:Origins:acme:Prefix must be the same on all replicas: it is rates/ at {third.Url}, and not set here. Copy the settings of origins from there.", missing.Problems);
    }

    [Fact]
    public async Task DeadReplica_IsRefused()
    {
        var dead = new OneAnswer(200, "");
        await dead.DisposeAsync();
        await RefusedAsync($"{dead.Url} cannot be joined: Connection refused. Give --join the address of a replica that is running.", ("Join", dead.Url));
    }

    [Theory]
    [InlineData(200, "{\"status\":\"ok\"}")]
    [InlineData(200, "<html>")]
    [InlineData(404, "404 page not found")]
    [InlineData(401, "{\"type\":\"about:blank\",\"detail\":\"no\"}")]
    public async Task AnotherService_IsRefused(int status, string body)
    {
        await using var other = new OneAnswer(status, body);
        await RefusedAsync($"{other.Url} is no KvStore: it answered {status} to GET /v1/cluster/join. Give --join the address of a replica.", ("Join", other.Url));
    }

    [Fact]
    public async Task AnotherEngine_IsRefused()
    {
        await using var server = await KvServer.StartAsync();
        var url = server.Address.GetLeftPart(UriPartial.Authority);
        await RefusedAsync($"{url} runs the engine memory, whose store has one replica, so nothing can join it. Start it with --engine etcd.", ("Join", url));
        await using var other = new OneAnswer(200, Invitation());
        await RefusedAsync("KvStore:Join needs the engine etcd. Given: disk.", ("Join", other.Url), ("Engine", "disk"));
    }

    [Fact]
    public async Task KeyIsMissingOrLacksTheRight_IsRefused()
    {
        await using var server = await TestKeys.StartAsync();
        var url = server.Address.GetLeftPart(UriPartial.Authority);
        await RefusedAsync($"{url} needs a key with the right admin, or does not accept this one: give one with --join-token.", ("Join", url));
        await RefusedAsync($"{url} needs a key with the right admin, or does not accept this one: give one with --join-token.", ("Join", url), ("JoinToken", KeyToken.New()));
        await RefusedAsync(
            $"{url} does not let this key ask (This key lacks a right that the request needs: admin. Use a key that has it.) Give --join-token a key with the right admin.", ("Join", url), ("JoinToken", TestKeys.Entries));
    }

    [Fact]
    public async Task NoAddress_IsRefused() => await RefusedAsync(
        "KvStore:Join must be the address of a replica, such as http://kv-0.example.com:8080, or none. Given: kv-0:8080.", ("Join", "kv-0:8080"));

    private static async Task RefusedAsync(string problem, params (string Name, string Value)[] settings)
    {
        var refusal = await Assert.ThrowsAsync<InvalidSettingsException>(() => Joining.PrepareAsync(Configuration(settings)));
        Assert.Equal(problem, string.Join(' ', refusal.Problems));
    }

    private static IConfigurationRoot Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create("KvStore:" + setting.Name, (string?)setting.Value))).Build();
}

namespace KvStore.Server.Tests;

public sealed class AllowedHostsTests
{
    [Theory]
    [InlineData("none", "http://localhost:8080", "localhost", true)]
    [InlineData("none", "http://localhost:8080", "LOCALHOST:8080", true)]
    [InlineData("none", "http://localhost:8080", "127.0.0.1:9", true)]
    [InlineData("none", "http://localhost:8080", "[::1]:8080", true)]
    [InlineData("none", "http://localhost:8080", "[::1]", true)]
    [InlineData("none", "http://localhost:8080", "", true)]
    [InlineData("none", "http://localhost:8080", null, true)]
    [InlineData("none", "http://localhost:8080", "attacker.example", false)]
    [InlineData("none", "http://localhost:8080", "attacker.example:8080", false)]
    [InlineData("none", "http://localhost:8080", "localhost.attacker.example", false)]
    [InlineData("none", "http://localhost:8080", "attacker.localhost", false)]
    [InlineData("none", "http://localhost:8080", "localhost.", false)]
    [InlineData("none", "http://localhost:8080", "127.0.0.1.attacker.example", false)]
    [InlineData("none", "http://localhost:8080", "10.0.0.7:8080", false)]
    [InlineData("none", "http://localhost:8080", ":8080", false)]
    [InlineData("none", "http://unix:/run/kvstore.sock", "localhost", true)]
    [InlineData("none", "http://unix:/run/kvstore.sock", "10.0.0.7", false)]
    [InlineData("none", "http://10.0.0.7:8080", "10.0.0.7:8080", true)]
    [InlineData("none", "http://10.0.0.7:8080", "10.0.0.8:8080", false)]
    [InlineData("none", "http://[2001:db8::7]:8080", "[2001:DB8:0::7]:8080", true)]
    [InlineData("none", "http://*:8080", "10.0.0.8:8080", true)]
    [InlineData("none", "http://*:8080", "[2001:db8::7]", true)]
    [InlineData("none", "http://0.0.0.0:8080", "10.0.0.8:8080", true)]
    [InlineData("none", "http://[::]:8080", "10.0.0.8", true)]
    [InlineData("none", "http://*:8080", "attacker.example", false)]
    [InlineData("none", "http://*:8080", "1.attacker.example", false)]
    [InlineData("none", "http://kv.example:8080", "kv.example", true)]
    [InlineData("none", "http://kv.example:8080", "10.0.0.7", true)]
    [InlineData("kv.example; 10.0.0.9", "http://localhost:8080", "KV.example:443", true)]
    [InlineData("kv.example; 10.0.0.9", "http://localhost:8080", "10.0.0.9", true)]
    [InlineData("kv.example", "http://localhost:8080", "not-kv.example", false)]
    [InlineData("*.example", "http://localhost:8080", "kv.example", true)]
    [InlineData("*.example", "http://localhost:8080", "a.b.example:8080", true)]
    [InlineData("*.example", "http://localhost:8080", "example", false)]
    [InlineData("*.example", "http://localhost:8080", ".example", false)]
    [InlineData("*.example", "http://localhost:8080", "kv.example.attacker.example.org", false)]
    [InlineData("*", "http://localhost:8080", "attacker.example", true)]
    public void Admit_Host_FollowsAddressesAndSetting(string setting, string listening, string? host, bool isAdmitted)
    {
        var hosts = new AllowedHosts(setting, [listening]);
        Assert.Equal(isAdmitted, hosts.Admit(host));

        // The second time the answer may come from the last host.
        Assert.Equal(isAdmitted, hosts.Admit(host));
        Assert.True(hosts.Admit("localhost"));
        Assert.Equal(isAdmitted, hosts.Admit(host));
    }

    [Theory]
    [InlineData("kv.example", true)]
    [InlineData("*.example", true)]
    [InlineData("*", true)]
    [InlineData("10.0.0.7", true)]
    [InlineData("[::1]", true)]
    [InlineData("kv.example:8080", false)]
    [InlineData("http://kv.example", false)]
    [InlineData("*.*.example", false)]
    [InlineData("kv*.example", false)]
    public void IsHost_Text_IsNameOrAddressWithoutPort(string text, bool isHost) => Assert.Equal(isHost, AllowedHosts.IsHost(text));

    [Fact]
    public void Admit_UsualHost_AllocatesNothing()
    {
        var hosts = new AllowedHosts("none", ["http://localhost:8080"]);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 1000; i++)
                hosts.Admit("localhost:8080");
        }));
    }
}

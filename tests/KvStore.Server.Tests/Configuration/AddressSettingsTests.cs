
namespace KvStore.Server.Tests;

public sealed class AddressSettingsTests
{
    [Fact]
    public void UseDefault_NoAddress_IsLocalhost8080()
    {
        var configuration = KvStoreSettingsTests.Configuration();
        AddressSettings.UseDefault(configuration);
        Assert.Equal("http://localhost:8080", configuration["urls"]);
    }

    [Theory]
    [InlineData("urls", "http://*:1")]
    [InlineData("http_ports", "8081")]
    [InlineData("https_ports", "8443")]
    [InlineData("Kestrel:Endpoints:Main:Url", "http://*:1")]
    public void UseDefault_Address_IsKept(string key, string value)
    {
        var configuration = KvStoreSettingsTests.Configuration((key, value));
        AddressSettings.UseDefault(configuration);
        Assert.Equal(key == "urls" ? value : null, configuration["urls"]);
    }

    [Theory]
    [InlineData("urls", "http://*:81;http://127.0.0.2:82", "http://localhost:81/ http://127.0.0.2:82/")]
    [InlineData("urls", "http://+:81", "http://localhost:81/")]
    [InlineData("urls", "http://0.0.0.0:81", "http://localhost:81/")]
    [InlineData("urls", "http://[::]:81", "http://localhost:81/")]
    [InlineData("http_ports", "81;82", "http://localhost:81/ http://localhost:82/")]
    [InlineData("Kestrel:Endpoints:Main:Url", "https://example.org:81", "https://example.org:81/")]
    [InlineData("urls", "http://unix:/tmp/socket", "")]
    public void Local_Wildcards_BecomeLocalhost(string key, string value, string expected) =>
        Assert.Equal(expected, string.Join(' ', AddressSettings.Local(KvStoreSettingsTests.Configuration((key, value)))));
}

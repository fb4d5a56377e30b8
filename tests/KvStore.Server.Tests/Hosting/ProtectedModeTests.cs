namespace KvStore.Server.Tests;

public sealed class ProtectedModeTests
{
    [Theory]
    [InlineData("urls", "http://localhost:8080", true)]
    [InlineData("urls", "http://127.0.0.1:8080;http://[::1]:8081;http://127.0.0.2:8080", true)]
    [InlineData("urls", "http://unix:/run/kvstore.sock", true)]
    [InlineData("urls", "http://0.0.0.0:8080", false)]
    [InlineData("urls", "http://[::]:8080", false)]
    [InlineData("urls", "http://*:8080", false)]
    [InlineData("urls", "https://kv.example:8080", false)]
    [InlineData("urls", "http://localhost:8080;http://10.0.0.7:8080", false)]
    [InlineData("http_ports", "8080", false)]
    [InlineData("https_ports", "8080", false)]
    [InlineData("Kestrel:Endpoints:Main:Url", "http://*:8080", false)]
    [InlineData(AddressSettings.OperationsKey, "http://0.0.0.0:9090", false)]
    [InlineData(AddressSettings.OperationsKey, "http://127.0.0.1:9090", true)]
    public void Check_WithoutKeys_AcceptsLoopbackOnly(string key, string value, bool isAccepted)
    {
        var refused = Check(new KvStoreOptions(), (key, value));
        Assert.Equal(isAccepted, refused is null);
        if (refused is not null)
        {
            var text = string.Join('\n', refused.Problems);
            Assert.Contains("keys new", text, StringComparison.Ordinal);
            Assert.Contains("KvStore:AllowAnonymous=true", text, StringComparison.Ordinal);
        }

        Assert.Null(Check(new KvStoreOptions(), (key, value), ("KvStore:Keys", "keys.json")));
        Assert.Null(Check(new KvStoreOptions { AllowAnonymous = true }, (key, value)));
    }

    private static InvalidSettingsException? Check(KvStoreOptions options, params (string Key, string Value)[] settings)
    {
        var configuration = KvStoreSettingsTests.Configuration(settings);
        AddressSettings.UseDefault(configuration);
        AddressSettings.UseOperations(configuration);
        return (InvalidSettingsException?)Record.Exception(() => ProtectedMode.Check(configuration, options));
    }
}

namespace KvStore.Etcd.Tests;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("http://a:2379", null, null, null, null, null)]
    [InlineData("https://a:2379", "user", "ca", "certificate", "key", null)]
    [InlineData("http://a:2379/path", null, null, null, null, "is not an endpoint")]
    [InlineData("unix://a", null, null, null, null, "is not an endpoint")]
    [InlineData("http://user:password@a:2379", null, null, null, null, "at a:2379 has a user")]
    [InlineData("http://a:2379", null, "ca", null, null, "has no TLS")]
    [InlineData("https://a:2379", null, null, "certificate", null, "private key")]
    public void Validate_Options_NamesWhatIsWrong(string endpoint, string? user, string? ca, string? certificate, string? key, string? fault)
    {
        var options = new EtcdClientOptions { Endpoints = [new(endpoint)], UserName = user, PasswordFile = user, CaFile = ca, CertificateFile = certificate, KeyFile = key };

        if (fault is null)
            Assert.Null(options.Validate());
        else
            Assert.Contains(fault, options.Validate(), StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_NoEndpoint_Throws() => Assert.Throws<ArgumentException>(() => new EtcdClient(new() { Endpoints = [] }, TimeProvider.System));
}

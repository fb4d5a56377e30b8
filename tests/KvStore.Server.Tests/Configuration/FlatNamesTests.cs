using System.Collections;

namespace KvStore.Server.Tests;

public sealed class FlatNamesTests
{
    [Theory]
    [InlineData("KVSTORE_DATA", "/d", "KVSTORE_DATA is not a setting. Is KvStore__Data meant?")]
    [InlineData("KvStore_Data", "/d", "KvStore_Data is not a setting. Is KvStore__Data meant?")]
    [InlineData("KVSTORE_VALUE_BYTES_MAX", "1", "KVSTORE_VALUE_BYTES_MAX is not a setting. Is KvStore__ValueBytesMax meant?")]
    [InlineData("KVSTORE_PORT", "8081", "KVSTORE_PORT is not a setting. Is ASPNETCORE_URLS meant, such as ASPNETCORE_URLS=http://localhost:8080?")]
    [InlineData("KVSTORE_URLS", "http://*:1", "KVSTORE_URLS is not a setting. Is ASPNETCORE_URLS meant, such as ASPNETCORE_URLS=http://localhost:8080?")]
    public void Check_NameOfSetting_IsReported(string name, string value, string problem) =>
        Assert.Equal(problem, Assert.Single(FlatNames.Check(new Hashtable { [name] = value })));

    // Those of .NET, of clients, and of Kubernetes beside a service that is called kvstore.
    [Theory]
    [InlineData("KvStore__Data", "/d")]
    [InlineData("KVSTORE__DATA", "/d")]
    [InlineData("KVSTORE_URL", "http://localhost:8080")]
    [InlineData("KVSTORE_SERVICE_HOST", "10.0.0.1")]
    [InlineData("KVSTORE_PORT", "tcp://10.0.0.1:8080")]
    [InlineData("KVSTORE_PORT_8080_TCP_ADDR", "10.0.0.1")]
    [InlineData("DATA", "/d")]
    public void Check_OtherName_IsLeftAlone(string name, string value) => Assert.Empty(FlatNames.Check(new Hashtable { [name] = value }));
}

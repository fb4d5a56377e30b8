using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>The operators' listener serves operators, whatever clients do, and nothing else.</summary>
public sealed class OperationsListenerTests
{
    // Another address than that of the clients, because both have any free port.
    private const string Urls = "http://127.0.0.2:0";

    [Theory]
    [InlineData("/livez", 200)]
    [InlineData("/readyz?x=y", 200)]
    [InlineData("/metrics", 200)]
    [InlineData("/v1/status", 200)]
    [InlineData("/v1/kv/a", 404)]
    [InlineData("/v1/kv/livez", 404)]
    [InlineData("/livez/", 404)]
    [InlineData("/docs", 404)]
    [InlineData("/swagger", 404)]
    [InlineData("/ui/", 404)]
    [InlineData("/", 404)]
    public async Task Get_EitherListener_ServesItsPaths(string target, int status)
    {
        await using var service = await KvServer.StartAsync(("OperationsUrls", Urls));
        (await service.Client.PutAsync("/v1/kv/a", "v")).Expect(201);
        using var operators = new KvClient(EndPointOf(service));
        var answer = await operators.GetAsync(target);
        if (status == 200)
            answer.Expect(200);
        else
            Assert.Contains("operators' listener serves only /livez, ", answer.ExpectProblem(404, "no-such-resource").Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        if (target is not ("/swagger" or "/" or "/livez/" or "/v1/kv/livez"))
            (await service.Client.GetAsync(target)).Expect(200);
    }

    [Fact]
    public async Task Write_OnOperatorsListener_Is404AndChangesNothing()
    {
        await using var service = await KvServer.StartAsync(("OperationsUrls", Urls));
        using var operators = await RawConnection.ConnectAsync(EndPointOf(service));
        Assert.Equal(404, (await operators.ExchangeAsync("PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv")).Status);
        (await service.Client.GetAsync("/v1/kv/a")).ExpectProblem(404, "not-found");
    }

    [Theory]
    [InlineData("/livez", false)]
    [InlineData("/readyz", false)]
    [InlineData("/metrics", true)]
    [InlineData("/v1/status", true)]
    public async Task Get_WithKeys_NeedsTheRightToAdminister(string target, bool isForAdmins)
    {
        await using var service = await TestKeys.StartAsync(("OperationsUrls", Urls));
        using var operators = new KvClient(EndPointOf(service));
        (await operators.GetAsync(target, ("X-Api-Key", TestKeys.Admin))).Expect(200);
        (await operators.GetAsync(target, ("X-Api-Key", TestKeys.Entries))).Expect(isForAdmins ? 403 : 200);
        (await operators.GetAsync(target)).Expect(isForAdmins ? 401 : 200);
    }

    [Fact]
    public async Task Get_ClientsHoldEveryConnection_IsAnswered()
    {
        await using var service = await KvServer.StartAsync(("OperationsUrls", Urls), ("ConnectionsMax", "5"), ("ConnectionsPerAddressMax", "5"));
        var gates = service.Services.GetRequiredService<ConnectionGates>();
        var held = new List<RawConnection>();
        while (gates.Clients.Refused == 0)
            await TryConnectAsync(service.EndPoint, held);
        Assert.Equal(5, gates.Clients.Open);

        using var operators = new KvClient(EndPointOf(service));
        (await operators.GetAsync("/livez")).Expect(200);
        (await operators.GetAsync("/readyz")).Expect(200);
        var status = (await operators.GetAsync("/v1/status")).Expect(200).Json.GetProperty("connections");
        Assert.Equal((5, 5), (status.GetProperty("open").GetInt32(), status.GetProperty("max").GetInt32()));
        Assert.True(status.GetProperty("refused").GetInt64() >= 1);
        held.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task Connect_OperatorsListenerIsFull_IsRefusedThereOnly()
    {
        await using var service = await KvServer.StartAsync(("OperationsUrls", Urls), ("OperationsConnectionsMax", "2"));
        var gates = service.Services.GetRequiredService<ConnectionGates>();
        var held = new List<RawConnection>();
        while (gates.Operators.Refused == 0)
            await TryConnectAsync(EndPointOf(service), held);
        Assert.Equal(2, gates.Operators.Open);
        (await service.Client.GetAsync("/livez")).Expect(200);
        held.ForEach(connection => connection.Dispose());
        await Soon.UntilAsync(() => gates.Operators.Open == 0);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9090", true)]
    [InlineData("http://localhost:9090;http://[::1]:9091", true)]
    [InlineData("http://*:9090", true)]
    [InlineData("NONE", true)]
    [InlineData("https://127.0.0.1:9090", false)]
    [InlineData("http://unix:/tmp/socket", false)]
    [InlineData("http://example.org:9090", false)]
    [InlineData("http://127.0.0.1:9090/path", false)]
    [InlineData("9090", false)]
    [InlineData("http://localhost:8080", false)]
    public void Check_Urls_AreAcceptableOrNot(string urls, bool isAcceptable)
    {
        var configuration = KvStoreSettingsTests.Configuration((AddressSettings.OperationsKey, urls));
        AddressSettings.UseDefault(configuration);
        AddressSettings.UseOperations(configuration);
        var problems = new List<string>();
        AddressSettings.Check(configuration, problems);
        Assert.Equal(isAcceptable, problems.Count == 0);
        Assert.All(problems, problem => Assert.Contains("rls must ", problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("urls", "http://*:81", "http://*:81 http://127.0.0.1:9090")]
    [InlineData("http_ports", "81;82", "http://*:81 http://*:82 http://127.0.0.1:9090")]
    [InlineData("Kestrel:Endpoints:Main:Url", "https://*:81", "https://*:81 http://127.0.0.1:9090")]
    public void UseOperations_AnySource_AddsToIt(string key, string value, string expected)
    {
        var configuration = KvStoreSettingsTests.Configuration((key, value), (AddressSettings.OperationsKey, "http://127.0.0.1:9090"));
        AddressSettings.UseOperations(configuration);
        Assert.Equal(expected, string.Join(' ', AddressSettings.Configured(configuration)));
        Assert.Equal("http://127.0.0.1:9090/", AddressSettings.Local(configuration).First().ToString());
        Assert.False(new OperationsEndPoints(configuration).AreReachable);
    }

    private static async Task TryConnectAsync(IPEndPoint endPoint, List<RawConnection> connections)
    {
        try
        {
            connections.Add(await RawConnection.ConnectAsync(endPoint));
        }
        catch (SocketException)
        {
            // Closed at once, before it could be used.
        }
    }

    private static IPEndPoint EndPointOf(KvServer service)
    {
        var addresses = service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new IPEndPoint(IPAddress.Parse("127.0.0.2"), new Uri(addresses.Single(address => address.Contains("127.0.0.2", StringComparison.Ordinal))).Port);
    }
}

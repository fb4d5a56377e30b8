using Google.Protobuf;
using Grpc.Core;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>When a token is fetched, and when a call is made again for it.</summary>
public sealed class TokenTests : IDisposable
{
    private readonly string _passwordFile = Path.GetTempFileName();

    public TokenTests() => File.WriteAllText(_passwordFile, "secret\n");

    [Fact]
    public async Task Token_Refused_IsFetchedAgainAndTheCallRepeatedOnce()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        var valid = "token1";
        etcd.Script = call => call.Method switch
        {
            "Auth/Authenticate" => Answer(new AuthenticateResponse { Token = valid }),
            "KV/Txn" when call.Token != valid => throw new RpcException(new(StatusCode.Unauthenticated, "etcdserver: invalid auth token")),
            _ => Answer(null),
        };
        await using var client = Client(etcd);

        await client.PutAsync("key", "1");
        valid = "token2";
        await client.PutAsync("key", "2");

        Assert.Equal((2, 3), (etcd.Arrived("Auth/Authenticate"), etcd.Arrived("KV/Txn")));
    }

    [Fact]
    public async Task Token_RefusedAgain_IsRefused()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        etcd.Script = call => call.Method == "KV/Txn" ? throw new RpcException(new(StatusCode.Unauthenticated, "etcdserver: invalid auth token")) : Answer(null);
        await using var client = Client(etcd);

        var failure = await Requests.FailAsync(client.PutAsync("key", "1"));

        Assert.Equal((EtcdFailure.Refused, 2), (failure.Failure, etcd.Arrived("KV/Txn")));
    }

    [Fact]
    public async Task Token_ManyCalls_IsFetchedOnce()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        await using var client = Client(etcd);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.PutAsync("key", "1")));

        Assert.Equal((1, 20), (etcd.Arrived("Auth/Authenticate"), etcd.Arrived("KV/Txn")));
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password", nameof(EtcdFailure.NotPermitted))]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out", nameof(EtcdFailure.NotSent))]
    public async Task Authenticate_Fails_TheCallIsNotSent(StatusCode code, string text, string expected)
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        etcd.Script = call => call.Method == "Auth/Authenticate" ? throw new RpcException(new(code, text)) : Answer(null);
        await using var client = Client(etcd);

        var failure = await Requests.FailAsync(client.PutAsync("key", "1"));

        Assert.Equal((expected, 0), ($"{failure.Failure}", etcd.Arrived("KV/Txn")));
    }

    [Fact]
    public async Task Users_EnabledLater_TheTokenIsFetchedThen()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        var isEnabled = false;
        etcd.Script = call => call.Method switch
        {
            "Auth/Authenticate" when !isEnabled => throw new RpcException(new(StatusCode.FailedPrecondition, "etcdserver: authentication is not enabled")),
            "KV/Txn" when isEnabled && call.Token is null => throw new RpcException(new(StatusCode.InvalidArgument, "etcdserver: user name is empty")),
            _ => Answer(null),
        };
        await using var client = Client(etcd);

        await client.PutAsync("key", "1");
        isEnabled = true;
        await client.PutAsync("key", "2");

        Assert.Equal((2, 3), (etcd.Arrived("Auth/Authenticate"), etcd.Arrived("KV/Txn")));
    }

    [Fact]
    public async Task PasswordFile_Missing_IsNamed()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        await using var client = Client(etcd);
        File.Delete(_passwordFile);

        var failure = await Requests.FailAsync(client.PutAsync("key", "1"));

        Assert.Equal(EtcdFailure.NotPermitted, failure.Failure);
        Assert.Contains(_passwordFile, failure.Message, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_passwordFile);

    private EtcdClient Client(ScriptedEtcd etcd) => Requests.Client(new EtcdClientOptions { Endpoints = [etcd.Endpoint], UserName = "user", PasswordFile = _passwordFile });

    private static Task<IMessage?> Answer(IMessage? answer) => Task.FromResult(answer);
}

using System.Text.Json;
using KvStore.Etcd;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

public sealed class EtcdReplicasTests : IAsyncDisposable
{
    private readonly FakeEtcdServer _server = new();
    private readonly List<FakeEtcd> _clients = [];
    private readonly List<Membership> _memberships = [];
    private readonly List<KvServer> _services = [];
    private int _calls;

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
            await service.DisposeAsync();
        foreach (var membership in _memberships)
            await membership.DisposeAsync();
        foreach (var client in _clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task Cluster_IsTheSameOnAllReplicas_AndUnknownWhileEtcdIsAway()
    {
        await StartAsync("a");
        await StartAsync("b");
        await SeenAsync("a=ready b=ready");
        using var answer = JsonDocument.Parse((await _services[0].Client.GetAsync("/v1/cluster")).Expect(200).Text);
        Assert.Equal("""{"healthy":1,"needed":1,"tolerates":0}""", answer.RootElement.GetProperty("quorum").GetRawText());
        var member = Assert.Single(answer.RootElement.GetProperty("etcd").EnumerateArray());
        Assert.True(member.GetProperty("leader").GetBoolean() && member.GetProperty("reachable").GetBoolean());

        _clients[0].CutOff();
        await SeenAsync("a=unknown b=unknown", _services[0]);
        await SeenAsync("a=ready b=ready", _services[1]);
        using var cutOff = JsonDocument.Parse((await _services[0].Client.GetAsync("/v1/cluster")).Expect(200).Text);
        Assert.Equal("""{"healthy":0,"needed":1,"tolerates":0}""", cutOff.RootElement.GetProperty("quorum").GetRawText());
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/b")).ExpectProblem(503, "unavailable");
        _clients[0].Heal();
        await SeenAsync("a=ready b=ready");
    }

    [Fact]
    public async Task Forget_OnlyWhatHasFailed()
    {
        await StartAsync("a");
        await StartAsync("b");
        await SeenAsync("a=ready b=ready");
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/b")).ExpectProblem(409, "replica-alive");
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/c")).ExpectProblem(404, "no-such-replica");
        await _memberships[1].DisposeAsync();
        await SeenAsync("a=ready b=failed", _services[0]);
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/b")).Expect(204);
        await SeenAsync("a=ready", _services[0]);
    }

    [Fact]
    public async Task ManyRequests_AreOneCallASecond()
    {
        await StartAsync("a");
        await SeenAsync("a=ready");
        var before = _calls;
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 200; i++)
            (await _services[0].Client.GetAsync("/v1/cluster")).Expect(200);
        Assert.InRange(_calls - before, 0, 2 + (int)TimeProvider.System.GetElapsedTime(start).TotalSeconds);
    }

    private async Task StartAsync(string id)
    {
        var client = new FakeEtcd(_server) { Fault = Count };
        var options = new MembershipOptions
        {
            Id = id,
            Prefix = "kvstore/",
            Name = () => id,
            Url = () => "http://" + id,
            Version = "1.0.0",
            Interval = TimeSpan.FromMilliseconds(100),
            SilenceMax = TimeSpan.FromSeconds(1),
            Tick = TimeSpan.FromMilliseconds(20),
        };
        var membership = new Membership(client, options, () => 0, new ClusterClock(TimeProvider.System), _ => { });
        _clients.Add(client);
        _memberships.Add(membership);
        membership.Start();
        membership.State = ReplicaState.Ready;
        _services.Add(await KvServer.StartAsync(new KvServerOptions
        {
            Services = services => services.AddSingleton<ICluster>(provider => new EtcdReplicas(client, membership, provider.GetRequiredService<Store>(), TimeProvider.System)),
        }));
    }

    private EtcdFault Count(Google.Protobuf.IMessage request)
    {
        if (request is Etcd.Protocol.StatusRequest)
            Interlocked.Increment(ref _calls);
        return EtcdFault.None;
    }

    private async Task SeenAsync(string states, params KvServer[] services)
    {
        foreach (var service in services.Length > 0 ? services : [.. _services])
        {
            await Soon.UntilAsync(async () =>
            {
                using var answer = JsonDocument.Parse((await service.Client.GetAsync("/v1/cluster")).Expect(200).Text);
                return states == string.Join(' ', answer.RootElement.GetProperty("replicas").EnumerateArray().Select(replica => $"{replica.GetProperty("id").GetString()}={replica.GetProperty("state").GetString()}"));
            });
        }
    }
}

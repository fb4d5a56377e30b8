using System.Text.Json;
using KvStore.Etcd;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

public sealed class EtcdReplicasTests : IAsyncDisposable
{
    private readonly FakeReplicas _replicas = new();
    private readonly List<KvServer> _services = [];
    private int _calls;

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
            await service.DisposeAsync();
        await _replicas.DisposeAsync();
    }

    [Fact]
    public async Task Cluster_IsTheSameOnAllReplicas_AndUnknownWhileEtcdIsAway()
    {
        var a = await StartAsync("a");
        await StartAsync("b");
        await SeenAsync("a=ready b=ready");
        using var answer = JsonDocument.Parse((await _services[0].Client.GetAsync("/v1/cluster")).Expect(200).Text);
        Assert.Equal("""{"healthy":1,"needed":1,"tolerates":0}""", answer.RootElement.GetProperty("quorum").GetRawText());
        var member = Assert.Single(answer.RootElement.GetProperty("etcd").EnumerateArray());
        Assert.True(member.GetProperty("leader").GetBoolean() && member.GetProperty("reachable").GetBoolean());

        a.Etcd.CutOff();
        await SeenAsync("a=unknown b=unknown", _services[0]);
        await SeenAsync("a=ready b=ready", _services[1]);
        using var cutOff = JsonDocument.Parse((await _services[0].Client.GetAsync("/v1/cluster")).Expect(200).Text);
        Assert.Equal("""{"healthy":0,"needed":1,"tolerates":0}""", cutOff.RootElement.GetProperty("quorum").GetRawText());
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/b")).ExpectProblem(503, "unavailable");
        a.Etcd.Heal();
        await SeenAsync("a=ready b=ready");
    }

    [Fact]
    public async Task Forget_OnlyWhatHasFailed()
    {
        await StartAsync("a");
        var b = await StartAsync("b");
        await SeenAsync("a=ready b=ready");
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/b")).ExpectProblem(409, "replica-alive");
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/c")).ExpectProblem(404, "no-such-replica");
        await _replicas.KillAsync(b);
        await SeenAsync("a=ready b=failed", _services[0]);
        (await _services[0].Client.DeleteAsync("/v1/cluster/replicas/b")).Expect(204);
        await SeenAsync("a=ready", _services[0]);
    }

    [Fact]
    public async Task ManyRequests_AreOneCallASecond()
    {
        await StartAsync("a");
        await SeenAsync("a=ready");
        for (var second = 0; second < 3; second++)
        {
            var before = _calls;
            _replicas.Time.Advance(TimeSpan.FromSeconds(1));
            for (var i = 0; i < 50; i++)
                (await _services[0].Client.GetAsync("/v1/cluster")).Expect(200);
            Assert.Equal(1, _calls - before);
        }
    }

    private async Task<FakeReplica> StartAsync(string id)
    {
        var replica = _replicas.Start(id);
        replica.Etcd.Fault = Count;
        replica.Membership.State = ReplicaState.Ready;
        _services.Add(await KvServer.StartAsync(new KvServerOptions
        {
            Services = services => services.AddSingleton<ICluster>(provider =>
                new EtcdReplicas(replica.Etcd, replica.Membership, provider.GetRequiredService<Store>(), _replicas.Time)),
        }));
        return replica;
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
            await _replicas.UntilAsync(async () =>
            {
                using var answer = JsonDocument.Parse((await service.Client.GetAsync("/v1/cluster")).Expect(200).Text);
                return states == string.Join(' ', answer.RootElement.GetProperty("replicas").EnumerateArray().Select(replica => $"{replica.GetProperty("id").GetString()}={replica.GetProperty("state").GetString()}"));
            });
        }
    }
}

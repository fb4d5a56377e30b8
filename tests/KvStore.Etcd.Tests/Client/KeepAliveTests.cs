using System.Diagnostics;

namespace KvStore.Etcd.Tests;

/// <summary>In a class of its own, because it takes long: the others run meanwhile.</summary>
public sealed class KeepAliveTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Needs", "packages")]
    public async Task Watch_MemberPaused_Ends()
    {
        await using var cluster = await EtcdCluster.StartAsync(1);
        await using var client = Requests.Client(cluster.Endpoints);
        await using var watch = client.WatchAsync(Requests.Watch("key"), TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await watch.MoveNextAsync().AsTask().Within());
        cluster.Members[0].Pause();

        var start = Stopwatch.GetTimestamp();
        var failure = await Requests.FailAsync(watch.MoveNextAsync().AsTask());

        output.WriteLine($"After {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s: {failure.Message}");
        Assert.Equal(EtcdFailure.Unknown, failure.Failure);
    }
}

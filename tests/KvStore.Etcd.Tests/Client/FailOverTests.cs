using System.Diagnostics;

namespace KvStore.Etcd.Tests;

/// <summary>Three members of etcd, some of which fail.</summary>
[Trait("Needs", "packages")]
public sealed class FailOverTests(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_MemberKilled_IsServedByAnother()
    {
        await using var cluster = await EtcdCluster.StartAsync(3);
        await using var client = Requests.Client(cluster.Endpoints);
        await client.PutAsync("key", "1");

        await cluster.Members[0].KillAsync();
        await client.PutUntilDoneAsync("key", "2");
        Assert.Equal("2", await client.ReadAsync("key"));

        // Of a call that finds the member dead, nothing was sent: the same call goes to another.
        await using var late = Requests.Client(cluster.Endpoints);
        await Soon.UntilAsync(async () => (await late.ReportAsync(Cancellation)).Members.Any(member => member.Status is { Leader: not 0 }));
        Assert.Equal("2", await late.ReadAsync("key"));
    }

    [Fact]
    public async Task Call_MemberPaused_IsUnknownAndTheNextIsServedByAnother()
    {
        await using var cluster = await EtcdCluster.StartAsync(3);
        await using var client = Requests.Client(cluster.Endpoints);
        await client.PutAsync("key", "1");
        cluster.Members[0].Pause();

        var failure = await Requests.FailAsync(client.PutAsync("key", "2"));
        Assert.Equal(EtcdFailure.Unknown, failure.Failure);
        Assert.Contains(cluster.Endpoints[0].Authority, failure.Message, StringComparison.Ordinal);
        await client.PutUntilDoneAsync("key", "3");

        var start = Stopwatch.GetTimestamp();
        var report = await client.ReportAsync(Cancellation);
        output.WriteLine($"A report with a paused member takes {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms.");
        Assert.Equal(["m0"], report.Members.Where(member => member.Status is null).Select(member => member.Name));
        cluster.Members[0].Resume();
    }

    [Fact]
    public async Task Watch_QuorumLost_Ends()
    {
        await using var cluster = await EtcdCluster.StartAsync(3);
        await using var client = Requests.Client(cluster.Endpoints);
        await using var watch = client.WatchAsync(Requests.Watch("key"), Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await watch.MoveNextAsync().AsTask().Within());
        await cluster.Members[1].KillAsync();
        await cluster.Members[2].KillAsync();

        var failure = await Requests.FailAsync(watch.MoveNextAsync().AsTask());
        Assert.Contains("no leader", failure.Message, StringComparison.Ordinal);
        Assert.False((await Requests.FailAsync(client.PutAsync("key", "1"))).Failure is EtcdFailure.NotPermitted);

        await cluster.Members[1].RestartAsync();
        await client.PutUntilDoneAsync("key", "2");
    }

    [Fact]
    public void Report_TwoRounds_TakeLessThanASecond() => Assert.True(2 * new EtcdClientOptions { Endpoints = [] }.ReportTimeout < TimeSpan.FromSeconds(1));
}

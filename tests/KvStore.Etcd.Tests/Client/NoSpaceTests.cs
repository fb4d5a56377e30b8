using System.Collections.Concurrent;

namespace KvStore.Etcd.Tests;

/// <summary>A real etcd whose quota is used up.</summary>
[Trait("Needs", "packages")]
public sealed class NoSpaceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Txn_OverTheQuota_IsNoSpaceAndReadsTellWhetherItWasExecuted()
    {
        await using var cluster = await EtcdCluster.StartAsync(1, "--quota-backend-bytes", "4000000");
        await using var client = Requests.Client(cluster.Endpoints);
        var refused = new ConcurrentBag<string>();
        var succeeded = new ConcurrentBag<string>();
        var value = new string('x', 20_000);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async writer =>
        {
            for (var i = 0; refused.IsEmpty; i++)
            {
                var key = $"{writer}/{i}";
                try
                {
                    await client.PutAsync(key, value);
                    succeeded.Add(key);
                }
                catch (EtcdException exception)
                {
                    Assert.Equal(EtcdFailure.NoSpace, exception.Failure);
                    refused.Add(key);
                }
            }
        })).Within();

        var executed = 0;
        foreach (var key in refused)
            executed += await client.ReadAsync(key) is null ? 0 : 1;
        output.WriteLine($"{succeeded.Count} succeeded, {refused.Count} had no space, {executed} of them were executed.");
        foreach (var key in succeeded)
            Assert.NotNull(await client.ReadAsync(key));
        Assert.Equal(["NOSPACE"], (await client.ReportAsync(TestContext.Current.CancellationToken)).Alarms);
    }

    // Debian's etcd is one whose reads are not safe. What it executes instead of a read must need no space, and leave nothing behind.
    [Fact]
    public async Task Barrier_AlarmIsRaised_IsPassed()
    {
        await using var cluster = await EtcdCluster.StartAsync(1, "--quota-backend-bytes", "4000000");
        await using var filler = Requests.Client(cluster.Endpoints);
        await using var store = await Stores.StartAsync(new EtcdCommitLog(Requests.Client(cluster.Endpoints), new EtcdLogOptions(), TimeProvider.System));
        await store.CommitAsync(Some.Put("k", "1"));
        var cancellation = TestContext.Current.CancellationToken;
        while (true)
        {
            try
            {
                await filler.PutAsync($"{Guid.NewGuid()}", new string('x', 200_000));
            }
            catch (EtcdException exception) when (exception.Failure == EtcdFailure.NoSpace)
            {
                break;
            }
        }

        Assert.False(filler.IsReadSafe);
        Assert.Equal(NotAppliedReason.NoSpace, Assert.IsType<Outcome.NotApplied>(await store.SubmitAsync(Some.Transaction(Some.Put("k", "2"))).Within()).Reason);
        var before = (await filler.RangeAsync(Requests.Range("a"), cancellation)).Header.Revision;
        for (var i = 0; i < 10; i++)
            Assert.Equal("1", Assert.IsType<Snapshot>(await store.ReadAsync(cancellation).AsTask().Within()).Find(Some.Key("k")).Text());
        Assert.Equal(before, (await filler.RangeAsync(Requests.Range("a"), cancellation)).Header.Revision);
    }
}

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
}

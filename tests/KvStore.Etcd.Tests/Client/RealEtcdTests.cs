using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>One member of etcd, as it is installed.</summary>
[Trait("Needs", "packages")]
public sealed class RealEtcdTests(RealEtcdTests.Fixture etcd) : IClassFixture<RealEtcdTests.Fixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Txn_Create_SucceedsOnce()
    {
        await using var client = Requests.Client(etcd.Endpoints);

        Assert.True((await client.TxnAsync(Requests.Create("create", "1"), Cancellation)).Succeeded);
        Assert.False((await client.TxnAsync(Requests.Create("create", "2"), Cancellation)).Succeeded);
        Assert.Equal("1", await client.ReadAsync("create"));
        Assert.Null(await client.ReadAsync("create-not"));
    }

    [Fact]
    public async Task Watch_Puts_AreDeliveredInOrder()
    {
        await using var client = Requests.Client(etcd.Endpoints);
        var start = await client.PutAsync("watch", "0");
        await using var watch = client.WatchAsync(Requests.Watch("watch", start), Cancellation).GetAsyncEnumerator(Cancellation);

        Assert.True(await watch.MoveNextAsync().AsTask().Within());
        Assert.True(watch.Current.Created);
        await client.PutAsync("watch", "1");
        await client.PutAsync("watch", "2");
        var values = new List<string>();
        while (values.Count < 3 && await watch.MoveNextAsync().AsTask().Within())
            values.AddRange(watch.Current.Events.Select(@event => @event.Kv.Value.ToStringUtf8()));

        Assert.Equal(["0", "1", "2"], values);
    }

    [Fact]
    public async Task Watch_Canceled_EndsWithThatException()
    {
        await using var client = Requests.Client(etcd.Endpoints);
        using var cancellation = new CancellationTokenSource();
        await using var watch = client.WatchAsync(Requests.Watch("none"), cancellation.Token).GetAsyncEnumerator(CancellationToken.None);
        await watch.MoveNextAsync().AsTask().Within();

        var next = watch.MoveNextAsync().AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.Within());
    }

    [Fact]
    public async Task Compact_RevisionBelow_IsCompacted()
    {
        await using var client = Requests.Client(etcd.Endpoints);
        var old = await client.PutAsync("compact", "1");
        var newer = await client.PutAsync("compact", "2");
        await client.CompactAsync(newer, Cancellation);

        var request = Requests.Range("compact");
        request.Revision = old;
        Assert.Equal(EtcdFailure.Compacted, (await Requests.FailAsync(client.RangeAsync(request, Cancellation))).Failure);
        Assert.Equal(EtcdFailure.Compacted, (await Requests.FailAsync(client.CompactAsync(old, Cancellation))).Failure);
        var failure = await Requests.FailAsync(ReadToEndAsync(client.WatchAsync(Requests.Watch("compact", old), Cancellation)));
        Assert.Equal(EtcdFailure.Compacted, failure.Failure);
        Assert.Contains(etcd.Endpoints[0].Authority, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Txn_OverLimits_IsTooLarge()
    {
        await using var client = Requests.Client(etcd.Endpoints);
        var many = new TxnRequest();
        for (var i = 0; i < 129; i++)
            many.Success.Add(Requests.Put($"many{i}", "").Success);

        var failure = await Requests.FailAsync(client.TxnAsync(many, Cancellation));
        Assert.Equal(EtcdFailure.TooLarge, failure.Failure);
        Assert.Contains("--max-txn-ops", failure.Message, StringComparison.Ordinal);
        // Beyond the limit of etcd, and beyond the one of its transport.
        Assert.Equal(EtcdFailure.TooLarge, (await Requests.FailAsync(client.PutAsync("large", new('x', 1_600_000)))).Failure);
        Assert.Equal(EtcdFailure.TooLarge, (await Requests.FailAsync(client.PutAsync("large", new('x', 4_000_000)))).Failure);
    }

    [Fact]
    public async Task Range_FutureRevision_IsRefused()
    {
        await using var client = Requests.Client(etcd.Endpoints);
        var request = Requests.Range("future");
        request.Revision = long.MaxValue;

        Assert.Equal(EtcdFailure.Refused, (await Requests.FailAsync(client.RangeAsync(request, Cancellation))).Failure);
    }

    [Fact]
    public async Task Report_OneMember_HasItsStatus()
    {
        await using var client = Requests.Client(etcd.Endpoints);

        var report = await client.ReportAsync(Cancellation);
        await client.ReadAsync("report");

        var member = Assert.Single(report.Members);
        Assert.Equal(etcd.Endpoints, member.ClientUrls.Select(url => new Uri(url)));
        Assert.Equal(member.Id, member.Status!.Leader);
        Assert.NotEqual(0UL, report.ClusterId);
        Assert.Empty(report.Alarms);
        Assert.Equal(client.Version, new(member.Status.Version));
    }

    private static async Task ReadToEndAsync(IAsyncEnumerable<WatchResponse> watch)
    {
        await foreach (var _ in watch)
        {
        }
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private EtcdCluster? _cluster;

        public Uri[] Endpoints => _cluster!.Endpoints;

        public async ValueTask InitializeAsync() => _cluster = await EtcdCluster.StartAsync(1);

        public async ValueTask DisposeAsync()
        {
            if (_cluster is not null)
                await _cluster.DisposeAsync();
        }
    }
}

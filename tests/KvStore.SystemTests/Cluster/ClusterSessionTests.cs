namespace KvStore.SystemTests;

/// <summary>A client that begins something on one replica and continues it on another.</summary>
[Trait("Needs", "packages")]
public sealed class ClusterSessionTests(ClusterSessionTests.Shared shared) : IClassFixture<ClusterSessionTests.Shared>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private List<Replica> Replicas => shared.Cluster.Replicas;

    [Fact]
    public async Task Watch_ResumedOnOtherReplicas_MissesAndRepeatsNothing()
    {
        const int Writes = 600;
        using var client = new ReplicaClient(Replicas, Patience);
        var written = new List<(string, long)>();
        var watching = Task.Run(() => WatchAsync("?prefix=resumed/&values=false&after=0", Writes));
        for (var i = 0; i < Writes; i++)
        {
            var response = await WriteAsync(client, i % Replicas.Count, $"resumed/{i}");
            written.Add(($"put resumed/{i}", response.Revision!.Value));
        }

        Assert.Equal(written, await watching);
    }

    [Fact]
    public async Task Watch_ResumedAfterReplicaWasKilled_MissesNothing()
    {
        using var client = new ReplicaClient(Replicas, Patience);
        using var first = await EventStream.OpenAsync(Replicas[0].Address, "?prefix=killed/&values=false");
        var before = await WriteAsync(client, 1, "killed/before");
        var seen = await first.NextAsync("change");
        Assert.Equal(before.Revision, seen.Revision);
        await Replicas[0].KillAsync();
        var during = await WriteAsync(client, 1, "killed/during");
        using var second = await EventStream.OpenAsync(Replicas[2].Address, "?prefix=killed/&values=false", seen.Id);
        Assert.Equal(during.Revision, (await second.NextAsync("change")).Revision);
        await Replicas[0].RestartAsync();

        // A replica that has just started has the history before its start, too.
        using var third = await EventStream.OpenAsync(Replicas[0].Address, "?prefix=killed/&values=false", seen.Id);
        Assert.Equal(during.Revision, (await third.NextAsync("change")).Revision);
        var after = await WriteAsync(client, 2, "killed/after");
        Assert.Equal(after.Revision, (await third.NextAsync("change")).Revision);
    }

    [Fact]
    public async Task Cursor_ContinuedOnOtherReplicas_ShowsOneState()
    {
        using var client = new ReplicaClient(Replicas, Patience);
        for (var i = 0; i < 30; i++)
        {
            var operations = string.Join(',', Enumerable.Range(0, 100).Select(j => $$$"""{"put":{"key":"paged/{{{i}}}-{{{j}}}","text":"first"}}"""));
            await client.ExpectAsync(i % Replicas.Count, 200, "POST", "/v1/txn", $$"""{"operations":[{{operations}}]}""", "application/json");
        }

        var revision = (await client.ExpectAsync(0, 200, "GET", "/v1/kv?prefix=paged/&count_only=true")).Revision!.Value;
        var alone = await ReplicaComparison.ListAsync(Replicas[0], "paged/", revision);
        for (var i = 0; i < 100; i++)
            await WriteAsync(client, i % Replicas.Count, $"paged/{i % 30}-{i}");

        Assert.Equal(3000, alone.Count);
        Assert.Equal(alone, await ReplicaComparison.ListAsync(page => Replicas[page % Replicas.Count], "paged/", revision));
    }

    [Fact]
    public async Task IdempotencyKey_OnOtherReplicas_IsReplayed()
    {
        using var client = new ReplicaClient(Replicas, Patience);
        for (var i = 0; i < 30; i++)
        {
            var first = await client.ExpectAsync(i % 3, 200, "POST", "/v1/counters/sum?by=1", key: $"sum {i}");
            for (var replica = 0; replica < Replicas.Count; replica++)
            {
                var again = await client.ExpectAsync(replica, 200, "POST", "/v1/counters/sum?by=1", key: $"sum {i}");
                Assert.Equal(("true", first.Text, first.Revision), (again.Header("Idempotency-Replayed"), again.Text, again.Revision));
                await client.ExpectAsync(replica, 422, "POST", "/v1/counters/sum?by=2", key: $"sum {i}");
            }
        }

        Assert.Equal("30", (await client.ExpectAsync(0, 200, "GET", "/v1/kv/sum")).Text);
    }

    [Fact]
    public async Task MinRevision_OnOtherReplicas_ShowsOwnWrite()
    {
        using var client = new ReplicaClient(Replicas, Patience);
        for (var i = 0; i < 300; i++)
        {
            var write = await client.ExpectAsync(i % 3, i == 0 ? 201 : 204, "PUT", "/v1/kv/own", $"{i}");
            var target = i % 2 == 0 ? $"/v1/kv/own?consistency=local&min_revision={write.Revision}" : "/v1/kv/own";
            Assert.Equal($"{i}", (await client.ExpectAsync((i + 1) % 3, 200, "GET", target)).Text);
            Assert.Equal($"{i}", (await client.ExpectAsync((i + 2) % 3, 200, "GET", $"/v1/kv/own?revision={write.Revision}")).Text);
        }
    }

    // Reads a few changes from one replica, then resumes on the next.
    private async Task<List<(string, long)>> WatchAsync(string query, int changes)
    {
        var seen = new List<(string, long)>();
        string? id = null;
        for (var i = 0; seen.Count < changes; i++)
        {
            using var stream = await EventStream.OpenAsync(Replicas[i % Replicas.Count].Address, query, id);
            Assert.Equal(System.Net.HttpStatusCode.OK, stream.Status);
            for (var j = 0; j < 7 && seen.Count < changes; j++)
            {
                var change = await stream.NextAsync("change");
                seen.Add((change.Changes.Single(), change.Revision));
                id = change.Id;
            }
        }

        return seen;
    }

    private static Task<Response> WriteAsync(ReplicaClient client, int replica, string key) => client.ExpectAsync(replica, null, "PUT", $"/v1/kv/{key}", "value");

    /// <summary>The cluster of these tests.</summary>
    public sealed class Shared : IAsyncLifetime
    {
        internal ReplicaCluster Cluster { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Cluster = await ReplicaCluster.StartAsync(3);

        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }
}

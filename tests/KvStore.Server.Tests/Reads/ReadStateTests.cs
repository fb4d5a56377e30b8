
namespace KvStore.Server.Tests;

/// <summary>How new the state is that a read sees: consistency and min_revision.</summary>
public sealed class ReadStateTests
{
    private static readonly string[] Targets = ["/v1/kv/person/1?", "/v1/kv?", "/v1/kv?count_only=true&", "/person/get?id=1&"];

    [Fact]
    public async Task Read_Local_SkipsBarrier()
    {
        var log = new FakeCommitLog();
        await using var server = await StartAsync(log, ("MinRevisionTimeout", "00:00:00"));
        var barrier = new TaskCompletionSource<long?>();
        log.Barrier = _ => barrier.Task;
        var linearizable = Targets.Select(target => server.Client.GetAsync(target + "consistency=linearizable")).ToArray();
        foreach (var target in Targets)
        {
            (await server.Client.GetAsync(target + "consistency=local")).Expect(200);
            (await server.Client.SendAsync("HEAD", target + "consistency=local&min_revision=1", null)).Expect(200);
            (await server.Client.GetAsync(target + "consistency=local&min_revision=2")).ExpectProblem(503, "revision-not-reached", "min_revision");
        }

        Assert.All(linearizable, read => Assert.False(read.IsCompleted));
        barrier.SetResult(1);
        Assert.All(await Task.WhenAll(linearizable), answer => answer.Expect(200));
    }

    [Fact]
    public async Task Read_MinRevisionReachedInTime_Succeeds()
    {
        await using var server = await StartAsync(null, ("MinRevisionTimeout", "00:10:00"));
        var next = server.Store.Latest.Revision + 1;
        var reads = server.Reads;
        foreach (var consistency in new[] { "local", "linearizable" })
        {
            // The read is known to wait before the write that it waits for.
            var waiting = reads.TakeAsync(new ReadRequest(null, next, consistency == "local"), TestContext.Current.CancellationToken);
            var answers = Targets.Select(target => server.Client.GetAsync($"{target}consistency={consistency}&min_revision={next}")).ToArray();
            Assert.False(waiting.IsCompleted);
            var written = (await server.Client.PutAsync("/v1/kv/person/1", "{}")).Revision!.Value;
            Assert.Equal(next, written);
            Assert.Equal(written, (await waiting).Snapshot!.Revision);
            Assert.All(await Task.WhenAll(answers), answer => Assert.Equal(written, answer.Expect(200).Revision));
            next++;
        }
    }

    [Fact]
    public async Task Read_MinRevisionNotReached_Is503WithRetryAfter()
    {
        await using var server = await StartAsync(null, ("MinRevisionTimeout", "00:00:00.050"));
        foreach (var target in Targets)
        {
            var answer = (await server.Client.GetAsync($"{target}min_revision={long.MaxValue}")).ExpectProblem(503, "revision-not-reached", "min_revision");
            Assert.Equal("1", answer.Header("Retry-After"));
            Assert.Contains("The latest revision here is 1;", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Read_MinRevisionAndRevision_WaitsThenReadsRevision()
    {
        await using var server = await StartAsync(null, ("MinRevisionTimeout", "00:00:00"));
        await server.Client.PutAsync("/v1/kv/person/1", "{\"new\":1}");
        foreach (var target in Targets)
        {
            Assert.Equal(1, (await server.Client.GetAsync($"{target}revision=1&min_revision=2")).Expect(200).Revision);
            (await server.Client.GetAsync($"{target}revision=1&min_revision=3")).ExpectProblem(503, "revision-not-reached", "min_revision");
            (await server.Client.GetAsync($"{target}revision=3&min_revision=2")).ExpectProblem(400, "malformed-request", "revision");
        }
    }

    [Fact]
    public async Task Read_WaitingDuringStop_IsRejected()
    {
        await using var server = await StartAsync(null, ("MinRevisionTimeout", "00:10:00"), ("ShutdownTimeout", "00:10:00"));
        var waiting = server.Reads.TakeAsync(new ReadRequest(null, 2, true), TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        server.Lifetime.StopApplication();
        Assert.Equal("revision-not-reached", (await waiting).Problem?.Slug);
    }

    [Fact]
    public async Task Read_WaitingClientDisconnects_EndsWait()
    {
        await using var server = await StartAsync(null, ("MinRevisionTimeout", "00:10:00"));
        using var client = new CancellationTokenSource();
        var waiting = server.Reads.TakeAsync(new ReadRequest(null, 2, false), client.Token);
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask());
    }

    [Fact]
    public async Task List_LocalCursorOfNewerReplica_WaitsForRevision()
    {
        await using var ahead = await StartAsync(new FakeCommitLog { ReplicaOf = new StoreId(1) });
        for (var number = 0; number < 3; number++)
            await ahead.Client.PutAsync($"/v1/kv/{number}", "v");
        var cursor = (await ahead.Client.GetAsync("/v1/kv?limit=1&consistency=local")).Json.GetProperty("cursor").GetString();

        await using var behind = await StartAsync(new FakeCommitLog { ReplicaOf = new StoreId(1) }, ("MinRevisionTimeout", "00:00:00"));
        var page = $"/v1/kv?consistency=local&cursor={cursor}";
        (await behind.Client.GetAsync(page)).ExpectProblem(503, "revision-not-reached", "min_revision");
        for (var number = 0; number < 3; number++)
            await behind.Client.PutAsync($"/v1/kv/{number}", "v");
        Assert.Equal(3, (await behind.Client.GetAsync(page)).Expect(200).Json.GetProperty("items").GetArrayLength());
    }

    private static async Task<KvServer> StartAsync(ICommitLog? log, params (string Name, string Value)[] settings)
    {
        var server = await KvServer.StartAsync(log, settings);
        (await server.Client.PutAsync("/v1/kv/person/1", "{}")).Expect(201);
        return server;
    }
}

namespace KvStore.Server.Tests;

/// <summary>A replica of an engine that keeps its commits elsewhere: it may lag, and may lose sight of that place.</summary>
public sealed class RemoteStateTests : IAsyncDisposable
{
    private static readonly CommitLogConnection Near = new(TimeSpan.FromMilliseconds(12.3), null, null);
    private static readonly CommitLogConnection Away = new(TimeSpan.FromSeconds(90), DateTimeOffset.UnixEpoch.AddYears(56), null);

    private readonly FakeCommitLog _log = new() { Connection = Near };

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    [Fact]
    public async Task Read_Local_HasTheAgeOfItsState()
    {
        await using var server = await StartAsync();
        Assert.Equal("0.013", (await server.Client.GetAsync("/v1/kv/k?consistency=local")).Expect(200).Header("KvStore-State-Age"));
        Assert.Null((await server.Client.GetAsync("/v1/kv/k")).Expect(200).Header("KvStore-State-Age"));
        _log.Connection = null;
        Assert.Null((await server.Client.GetAsync("/v1/kv/k?consistency=local")).Expect(200).Header("KvStore-State-Age"));
    }

    [Fact]
    public async Task Read_Away_Is503WithRetryAfterUnlessLocal()
    {
        await using var server = await StartAsync();
        LoseSight();
        var answer = (await server.Client.GetAsync("/v1/kv/k")).ExpectProblem(503, "unreachable");
        Assert.Equal("2", answer.Header("Retry-After"));
        Assert.Contains("since 2026-01-01T00:00:00Z", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("90", (await server.Client.GetAsync("/v1/kv/k?consistency=local")).Expect(200).Header("KvStore-State-Age"));
    }

    [Theory]
    [InlineData("/v1/kv/k?consistency=local&revision=")]
    [InlineData("/v1/kv?consistency=local&revision=")]
    [InlineData("/v1/kv/k?consistency=local&wait=0&after=")]
    [InlineData("/v1/watch?key=k&consistency=local&after=")]
    public async Task Read_LocalAtALaterRevision_WaitsForTheBarrierInsteadOfFailing(string target)
    {
        await using var server = await StartAsync();
        var later = server.Store.Latest.Revision + 1;
        var barrier = new TaskCompletionSource<long?>();
        _log.Barrier = _ => barrier.Task;

        var reading = server.Client.SendAsync(target.StartsWith("/v1/watch", StringComparison.Ordinal) ? "HEAD" : "GET", target + later, null);
        await server.Store.SubmitAsync(new Transaction([], [Some.Put("k", "later")])).Within();
        Assert.False(reading.IsCompleted);
        barrier.SetResult(later);
        Assert.InRange((await reading.Within()).Status, 200, 304);

        LoseSight();
        (await server.Client.GetAsync($"{target}{later + 1}")).ExpectProblem(503, "unreachable");
        _log.Connection = null;
        Assert.InRange((await server.Client.GetAsync($"{target}{later + 1}")).Status, 400, 410);
    }

    [Fact]
    public async Task Ready_Away_IsAsTheSettingSays()
    {
        await using var server = await StartAsync();
        await using var strict = await KvServer.StartAsync(new FakeCommitLog { Connection = Away }, ("ReadyWithoutEtcd", "false"));
        LoseSight();
        (await server.Client.GetAsync("/readyz")).Expect(200);
        Assert.Contains("\"state\":\"ready\"", (await server.Client.GetAsync("/v1/cluster")).Expect(200).Text, StringComparison.Ordinal);
        Assert.Contains("90 s", (await strict.Client.GetAsync("/readyz")).ExpectProblem(503, "unavailable").Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        _log.Connection = Near with { NotReadyReason = "The state is loaded again." };
        (await server.Client.GetAsync("/readyz")).ExpectProblem(503, "unavailable");
        Assert.Contains("\"state\":\"joining\"", (await server.Client.GetAsync("/v1/cluster")).Expect(200).Text, StringComparison.Ordinal);
        Assert.True((await server.Client.GetAsync("/v1/status")).Expect(200).Json.GetProperty("etcd").GetProperty("reachable").GetBoolean());
    }

    [Fact]
    public async Task Start_Away_IsNotReadyAndSaysWhy()
    {
        await using var server = await KvServer.StartAsync(new FakeCommitLog { Connection = Away, Following = token => Task.Delay(Timeout.Infinite, token) });
        foreach (var target in (string[])["/readyz", "/v1/kv/k", "/v1/kv/k?consistency=local"])
            (await server.Client.GetAsync(target)).ExpectProblem(503, "unreachable");
        (await server.Client.PutAsync("/v1/kv/k", "value")).ExpectProblem(503, "unreachable");
    }

    [Fact]
    public async Task Watch_Away_StaysOpenAndSaysSo()
    {
        await using var server = await KvServer.StartAsync(_log, ("WatchBookmarkInterval", "00:00:00.1"));
        using var client = server.NewClient();
        using var lines = new StreamReader(await client.GetStreamAsync("/v1/watch?key=k", TestContext.Current.CancellationToken));
        LoseSight();
        while (await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within() != ": etcd unreachable since 2026-01-01T00:00:00Z")
        {
        }

        _log.Barrier = Task.FromResult;
        (await server.Client.PutAsync("/v1/kv/k", "value")).Expect(201);
        while (await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within() != "event: change")
        {
        }
    }

    [Theory]
    [InlineData(CommitLogRefusal.Settings, 2)]
    [InlineData(CommitLogRefusal.Data, 4)]
    public async Task Start_Refused_EndsWithItsExitCode(CommitLogRefusal refusal, int exitCode)
    {
        var gate = new Gate();
        await using var server = await KvServer.StartAsync(new FakeCommitLog
        {
            Following = async _ =>
            {
                await gate.PassAsync();
                throw new CommitLogRefusedException("Do that.", refusal);
            },
        });
        gate.Open();
        await Assert.ThrowsAsync<CommitLogRefusedException>(() => server.Store.Completion.Within());
        await Soon.UntilAsync(() => server.ExitCode == exitCode && server.ExitReason == "KvStore cannot start: Do that.");
    }

    [Fact]
    public async Task Commit_Refused_EndsAsOneThatHasServed()
    {
        await using var server = await KvServer.StartAsync(new FakeCommitLog { Committing = () => throw new CommitLogRefusedException("Do that.", CommitLogRefusal.Data) });
        (await server.Client.PutAsync("/v1/kv/k", "value")).Expect(504);
        await Soon.UntilAsync(() => server.ExitCode == 4 && server.ExitReason == "KvStore has ended: Do that.");
    }

    private async Task<KvServer> StartAsync()
    {
        var server = await KvServer.StartAsync(_log);
        (await server.Client.PutAsync("/v1/kv/k", "value")).Expect(201);
        return server;
    }

    private void LoseSight()
    {
        _log.Connection = Away;
        _log.Barrier = _ => Task.FromResult<long?>(null);
    }
}

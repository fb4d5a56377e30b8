using KvStore.Crdt;
using KvStore.Mergeable;
using KvStore.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Services in the states that <see cref="Situations"/> speaks of. On a disk of the test's own where the disk matters.</summary>
internal static class SituationServers
{
    private static readonly (string Name, string Value)[] SmallLimits =
        [("ValueBytesMax", "2000"), ("DeletedEntriesMax", "1"), ("MinRevisionTimeout", "00:00:00"), ("PageBytesMax", "10")];

    public static async Task<KvServer> RunningAsync()
    {
        var server = await FillAsync(await StartAsync(LogOn(new FakeDisk(new Random(1))), SmallLimits));
        (await server.Client.PutAsync("/v1/kv/later/away", "value")).Expect(201);
        return server;
    }

    /// <summary>A write with the Idempotency-Key that <see cref="WrittenBeforeAsync"/> made it with.</summary>
    public static Request WithOwnKey(Request request) => request.With($"Idempotency-Key: {request.Method} {request.Target}");

    public static async Task<KvServer> WrittenBeforeAsync()
    {
        var server = await FillAsync(await StartAsync());
        foreach (var write in (Request[])[.. Samples.RepeatableWrites, Samples.PutEntry.At("/v1/kv/created"), Samples.Merge.At("/v1/crdt/created-likes?type=g-counter")])
            Assert.InRange((await WithOwnKey(write).SendAsync(server)).Status, 200, 204);
        (await server.Client.PutAsync("/v1/kv/another", "value", ("Idempotency-Key", "used"))).Expect(201);
        return server;
    }

    public static Task<KvServer> WithKeysAsync() => TestKeys.StartAsync();

    public static Task<KvServer> LoadingAsync() => StartAsync(new FakeCommitLog { Following = token => Task.Delay(Timeout.Infinite, token) });

    public static Task<KvServer> WithReplicasAsync() => StartAsync(new KvServerOptions { Services = services => services.AddSingleton<ICluster, OtherReplicas>() });

    public static async Task<KvServer> StoppedAsync()
    {
        var server = await RunningAsync();
        await server.Store.DisposeAsync();
        return server;
    }

    public static async Task<KvServer> FailedDiskAsync()
    {
        var disk = new FakeDisk(new Random(1));
        var server = await FillAsync(await StartAsync(LogOn(disk)));
        disk.FlushFails = () => true;
        Assert.IsType<Outcome.Unknown>(await server.Store.SubmitAsync(new Transaction([], [Some.Put("lost")])));
        return server;
    }

    public static async Task<KvServer> FullDiskAsync()
    {
        // Too small for the zeros that the log writes ahead: frames over them need no space.
        var disk = new FakeDisk(new Random(1)) { CanReserve = false, CapacityBytes = 128 << 10 };
        var server = await FillAsync(await StartAsync(LogOn(disk)));
        disk.CapacityBytes = disk.UsedBytes;
        return server;
    }

    public static Task<KvServer> UnknownAsync() => StartAsync(new FakeCommitLog { Answering = outcomes => [.. outcomes.Select(_ => Outcome.Unknown.Instance)] });

    /// <summary>It has loaded, and then lost sight of the place of its commits.</summary>
    public static async Task<KvServer> UnreachableAsync()
    {
        var log = new FakeCommitLog();
        var server = await FillAsync(await StartAsync(log));
        log.Connection = new CommitLogConnection(TimeSpan.FromSeconds(90), DateTimeOffset.UnixEpoch.AddYears(56), null);
        log.Barrier = _ => Task.FromResult<long?>(null);
        log.CommittingInstead = (batch, _) => Task.FromResult<Outcome[]>([.. batch.Select(_ => new Outcome.NotApplied(NotAppliedReason.Unreachable))]);
        return server;
    }

    public static async Task<KvServer> FullOfBodiesAsync()
    {
        var server = await StartAsync();
        foreach (var account in (MemoryAccount[])[server.Store.Memory.Bodies, server.Store.Memory.Transfers])
            account.Charge(account.BytesMax);
        return server;
    }

    /// <summary>Old revisions and large answers have all their memory. The entry large is too large to be sent without.</summary>
    public static async Task<KvServer> FullOfReadsAsync()
    {
        var server = await FillAsync(await StartAsync(("KeptSnapshotsMax", "0")));
        (await server.Client.PutAsync("/v1/kv/large", new string('v', 100_000))).Expect(201);
        foreach (var account in (MemoryAccount[])[server.Store.Memory.Snapshots, server.Store.Memory.Answers])
            account.Charge(account.BytesMax);
        return server;
    }

    /// <summary>It has a mergeable value with which no replica from before its collections can exchange deltas.</summary>
    public static async Task<KvServer> CollectedAsync()
    {
        var hub = MergeableValue.Create(CrdtType.Text, ReplicaId.Create());
        var other = (TextReplica)MergeableValue.TryLoad(hub.Encode(), ReplicaId.Create())!;
        other.Insert(0, "a");
        other.Delete(0, 1);
        hub.Merge(other.Encode());
        Assert.True(hub.Collect([], hub.Version, 0) && hub.Collect([], hub.Version, 1));
        var server = await StartAsync();
        var value = StoredValue.Write(1, 1, [], [], hub.Encode());
        var draft = new EntryDraft(Some.Key("collected"), value.Length, Entry.MergeableContentType);
        value.CopyTo(draft.Value);
        await server.CommitAsync(StoredOperation.Import(draft));
        return server;
    }

    /// <summary>It has mergeable values, and the only watcher that may be.</summary>
    public static async Task<KvServer> WatchedAsync()
    {
        var server = await FillAsync(await StartAsync(("WatchersMax", "1")));
        Assert.NotNull(server.Store.TryWatch(WatchFilter.OfPrefix([]), server.Store.Latest.Revision));
        return server;
    }

    public static async Task<KvServer> FullQueueAsync()
    {
        var gate = new Gate();
        var server = await StartAsync(new FakeCommitLog { Committing = gate.PassAsync }, ("QueueOperationsMax", "1"), ("ImportWaitMax", "00:00:00.001"));
        _ = server.Store.SubmitAsync(new Transaction([], [Some.Put("committing")]));
        await gate.Reached;
        _ = server.Store.SubmitAsync(new Transaction([], [Some.Put("waiting")]));

        // What waits is decided before the service ends, so it must not wait for ever.
        server.Lifetime.ApplicationStopping.Register(gate.Open);
        return server;
    }

    public static async Task<KvServer> ForgottenAsync() => await FillAsync(await StartAsync(("HistoryCommitsMax", "0"), ("KeptSnapshotsMax", "0")));

    /// <summary>Nothing can be added to its entries.</summary>
    public static async Task<KvServer> FullMemoryAsync()
    {
        var server = await FillAsync(await StartAsync(("EntriesBytesMax", "100KiB"), ("ValueBytesMax", "2000")));
        var length = 0;
        for (var step = 1 << 16; step > 0; step /= 2)
        {
            if (await server.Store.SubmitAsync(new Transaction([], [Some.Put("filler", new string('f', length + step))])) is Outcome.Committed)
                length += step;
        }

        return server;
    }

    /// <summary>No idempotency record can be added. The clock stands still, so that none is dropped.</summary>
    public static async Task<KvServer> FullRecordsAsync()
    {
        var server = await FillAsync(await StartAsync(new KvServerOptions
        {
            Settings = { ["IdempotencyBytesMax"] = "100KiB", ["ValueBytesMax"] = "2000" },
            Services = services => services.AddSingleton<TimeProvider>(new FakeTimeProvider()),
        }));
        for (var i = 0; await server.Store.SubmitAsync(WithRecord(i)) is Outcome.Committed; i++)
        {
        }

        return server;

        static Transaction WithRecord(int i) => new([], [Some.Put("counted")]) { Idempotency = new Idempotency(Some.Bytes($"{i}"), default, TimeSpan.FromHours(1), 1000) };
    }

    /// <summary>Its only client has made the one request that it may in a second, which never ends.</summary>
    public static async Task<KvServer> LimitedAsync()
    {
        var server = await StartAsync(new KvServerOptions { Settings = { ["RequestsPerSecondMax"] = "1" }, Services = services => services.AddSingleton<TimeProvider>(new FakeTimeProvider()) });
        (await server.Client.GetAsync("/v1/status")).Expect(200);
        return server;
    }

    /// <summary>As patient as the web server can be made not to be.</summary>
    public static Task<KvServer> ImpatientAsync() => StartAsync(new KvServerOptions
    {
        Settings = { ["HeadersTimeout"] = "00:00:01" },
        Services = services => services.PostConfigure<KestrelServerOptions>(kestrel => kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(1e9, TimeSpan.FromSeconds(1.001))),
    });

    private static Task<KvServer> StartAsync(params (string Name, string Value)[] settings) => StartAsync(log: null, settings);

    private static Task<KvServer> StartAsync(ICommitLog? log, params (string Name, string Value)[] settings)
    {
        var options = new KvServerOptions { CommitLog = log, Services = services => services.AddSingleton<OpenOriginSource>((_, _) => new FakeOriginSource()) };
        foreach (var (name, value) in settings)
            options.Settings[name] = value;
        return StartAsync(options);
    }

    // Each has origins, so that what is asked of one gets further than to its name.
    private static Task<KvServer> StartAsync(KvServerOptions options)
    {
        FakeOriginSource.AddOrigin(options.Settings, "acme", "rates/");
        FakeOriginSource.AddOrigin(options.Settings, "people", "person/7");
        FakeOriginSource.AddOrigin(options.Settings, "later", "later/");
        options.Settings["KvStore:Origins:later:Writes"] = "behind";
        options.Settings["KvStore:Origins:later:Outbox:EntriesMax"] = "1";
        FakeOriginSource.AddOrigin(options.Settings, "through", "through/", "through");
        options.Settings["KvStore:Origins:aside:Prefix"] = "aside/";
        options.Settings["KvStore:Origins:aside:Writes"] = "local";
        options.Settings["KvStore:Origins:aside:FreshFor"] = "0s";
        FakeOriginSource.AddOrigin(options.Settings, "more", "person/8", "through");
        return KvServer.StartAsync(options);
    }

    internal static DiskCommitLog LogOn(FakeDisk disk) =>
        new(disk.Start(), new DiskLogOptions { Directory = "/fake" }, TimeProvider.System, _ => { }, work => _ = Task.Run(work));

    private static async Task<KvServer> FillAsync(KvServer server)
    {
        foreach (var (key, value) in Samples.Entries)
            (await server.Client.PutAsync($"/v1/kv/{key}", value, ("Content-Type", key.StartsWith("person/", StringComparison.Ordinal) ? "application/json" : "text/plain"))).Expect(201);
        foreach (var (key, intent) in Samples.Mergeable)
            (await server.Client.PostJsonAsync($"/v1/crdt/{key}", intent)).Expect(201);
        return server;
    }

    private sealed class OtherReplicas : ICluster
    {
        public ValueTask<ClusterStatus> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(ClusterStatus.Example);

        public Task<Problem?> ForgetAsync(string id, CancellationToken cancellationToken) => Task.FromResult(id switch
        {
            "failed" => null,
            "alive" => Problems.ReplicaIsAlive(id),
            _ => Problems.ClusterUnknown(),
        });
    }
}

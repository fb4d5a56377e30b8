namespace KvStore.Origins.Tests;

/// <summary>How what an origin has yet to get is delivered.</summary>
public sealed class OutboxWorkersTests
{
    [Fact]
    public async Task Write_Any_ArrivesWithItsFence()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        await outbox.PutAsync("k", "v");
        await outbox.DeliveredAsync();
        var write = Assert.Single(outbox.Sink.Calls);
        Assert.Equal(("rates/k", "v", "text/plain", 1), (write.Key.ToString(), System.Text.Encoding.UTF8.GetString(write.Value!.Value.Span), write.ContentType, write.Revision));
        Assert.StartsWith($"{outbox.Store.Id}-1-", write.IdempotencyKey, StringComparison.Ordinal);
        Assert.Equal((true, false, 1), (outbox.World.Evaluate().IsFresh, outbox.World.Evaluate().IsDirty, outbox.Workers.Delivered));

        await outbox.World.SubmitAsync(Some.Transaction(Some.Delete("rates/k")));
        await outbox.DeliveredAsync();
        Assert.Null(outbox.Sink.Calls.Last().Value);
        Assert.Equal((KeyStanding.Absent, true), (outbox.World.Evaluate().Standing, outbox.World.Evaluate().IsFresh));
    }

    [Fact]
    public async Task Writes_OfOneKey_CoalesceWhileOneIsDelivered()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        var gate = outbox.Sink.Hold(ScriptedSink.Written);
        await outbox.PutAsync("k", "1");
        await gate.Reached;
        for (var i = 2; i <= 10; i++)
            await outbox.PutAsync("k", $"{i}");
        gate.Open();
        await outbox.DeliveredAsync();
        Assert.Equal(["1", "10"], outbox.Sink.Calls.Select(write => System.Text.Encoding.UTF8.GetString(write.Value!.Value.Span)));
        Assert.NotEqual(outbox.Sink.Calls.First().IdempotencyKey, outbox.Sink.Calls.Last().IdempotencyKey);
    }

    [Fact]
    public async Task Backlog_LargerThanTheChannel_ArrivesOldestFirst()
    {
        await using var outbox = new OutboxWorld(OutboxWorld.Options(workers: 1, entriesMax: 10_000));
        await outbox.World.StartAsync();
        string[] keys = [.. Enumerable.Range(0, 5000).Select(i => $"{i * 7 % 5000:D4}")];
        foreach (var key in keys)
        {
            await outbox.PutAsync(key);
            outbox.World.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        outbox.StartWorkers();
        await outbox.DeliveredAsync();
        Assert.Equal(keys.Select(key => "rates/" + key), outbox.Sink.Calls.Select(write => write.Key.ToString()));
    }

    // A key that is written again keeps its place, and its age.
    [Fact]
    public async Task Write_OfADirtyKey_KeepsItsAge()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        outbox.Sink.Script = _ => Task.FromResult(ScriptedSink.Unreachable);
        await outbox.PutAsync("k", "1");
        outbox.World.Time.Advance(TimeSpan.FromMinutes(10));
        await outbox.PutAsync("k", "2");
        Assert.Equal(TimeSpan.FromMinutes(10), outbox.Workers.AgeOf(outbox.Status));
    }

    [Fact]
    public async Task Refused_IsParkedAndOthersGoOn_UntilItIsWrittenAgain()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        outbox.Sink.Script = write => Task.FromResult(write.Key.ToString() == "rates/bad" && write.Revision < 5 ? ScriptedSink.Refused : ScriptedSink.Written);
        foreach (var key in (string[])["a", "bad", "b"])
            await outbox.PutAsync(key);
        await outbox.UntilAsync(() => outbox.Status is { Pending: 0, Parked: 1 });
        var mark = OutboxMark.Read(OutboxMarks.Find(outbox.Store.Latest, Some.Key("rates/bad"))!.Value, withReason: true);
        Assert.Equal((true, "The origin answered 422."), (mark.IsParked, mark.Reason));
        Assert.Equal((true, "value"), (outbox.World.Evaluate("rates/bad").IsDirty, outbox.World.Evaluate("rates/bad").Entry.Text()));
        await outbox.UntilAsync(() => outbox.Has(OriginEventKind.Parked));
        Assert.Equal((3, 1), (outbox.Sink.Calls.Count, outbox.Workers.Failed));

        await outbox.PutAsync("bad", "better");
        await outbox.UntilAsync(() => outbox.Status is { Pending: 0, Parked: 0 });
        Assert.Equal("better", System.Text.Encoding.UTF8.GetString(outbox.Sink.Calls.Last().Value!.Value.Span));
    }

    [Fact]
    public async Task FailsForOneKey_IsParkedAfterAttemptsMax_LaterEachTime()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options(attemptsMax: 5)).StartAsync();
        var times = new List<TimeSpan>();
        var start = outbox.World.Time.GetUtcNow();
        outbox.Sink.Script = write =>
        {
            if (write.Key.ToString() != "rates/bad")
                return Task.FromResult(ScriptedSink.Written);
            lock (times)
                times.Add(outbox.World.Time.GetUtcNow() - start);
            return Task.FromResult(ScriptedSink.Ill);
        };
        await outbox.PutAsync("bad");
        await outbox.UntilAsync(() => outbox.Status is { Pending: 0, Parked: 1 });
        Assert.Equal(5, times.Count);

        // At least half of 100, 200, 400 and 800 ms. Time passes while a busy machine does not come to a delivery, so any of them may be later.
        for (var i = 1; i < times.Count; i++)
            Assert.True((times[i] - times[i - 1]).TotalMilliseconds >= 50 << (i - 1), $"Attempt {i + 1} came {times[i] - times[i - 1]} after the one before.");
    }

    // Nor while the breaker is open, which it is after ten failures in succession: then the origin fails, not the key.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OriginIsAway_NothingCountsAsAnAttempt(bool isUnreachable)
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options(attemptsMax: 2)).StartAsync();
        var isAway = true;
        outbox.Sink.Script = _ => Task.FromResult(!Volatile.Read(ref isAway) ? ScriptedSink.Written : isUnreachable ? ScriptedSink.Unreachable : ScriptedSink.Ill);
        for (var i = 0; i < 10; i++)
            await outbox.PutAsync($"{i}");

        // Each fails once, which opens the breaker, and is then one of the probes several times.
        await Soon.UntilAsync(() => outbox.Sink.Calls.Count >= 10);
        await outbox.UntilAsync(() => outbox.Sink.Calls.Count > 40, TimeSpan.FromSeconds(5));
        Assert.Equal((10, 0), (outbox.Status.Pending, outbox.Status.Parked));
        Volatile.Write(ref isAway, false);
        await outbox.UntilAsync(() => outbox.Status is { Pending: 0, Parked: 0 });
    }

    // Many writers, a slow origin that fails at times: every key ends as it was last written, and no key has two calls at once.
    [Fact]
    public async Task ManyWriters_OfAFlakyOrigin_AllArrive()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options(workers: 8, attemptsMax: 1000)).StartAsync();
        var random = Seed.NewRandom();
        var origin = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        outbox.Sink.Script = async write =>
        {
            await Task.Yield();
            if (Next(4) == 0)
                return ScriptedSink.Ill;
            origin[write.Key.ToString()] = System.Text.Encoding.UTF8.GetString(write.Value!.Value.Span);
            return Next(8) == 0 ? ScriptedSink.Ill : ScriptedSink.Written;
        };
        for (var i = 0; i < 2000; i++)
        {
            await outbox.PutAsync($"{Next(50)}", $"{i}");
            if (i % 50 == 0)
                outbox.World.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await outbox.DeliveredAsync();
        Assert.Equal(0, outbox.Status.Parked);
        foreach (var entry in outbox.Store.Latest.Scan(KeyRange.WithPrefix("rates/"u8)))
            Assert.Equal(entry.Text(), origin[entry.Key.ToString()]);

        int Next(int max)
        {
            lock (random)
                return random.Next(max);
        }
    }
}

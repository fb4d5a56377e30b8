namespace KvStore.Origins.Tests;

/// <summary>What write-behind does at its bounds: too much waits, a stop, other settings, a full store, another replica.</summary>
public sealed class OutboxLimitsTests
{
    [Fact]
    public async Task Bounds_AreOfThePrefixAndOfNewKeys()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options(entriesMax: 3)).StartAsync();
        outbox.Sink.Script = _ => Task.FromResult(ScriptedSink.Unreachable);
        foreach (var key in (string[])["a", "b", "c", "a"])
            await outbox.PutAsync(key);
        Assert.Equal(RejectionReason.OriginOutboxFull, Assert.IsType<Outcome.Rejected>(await outbox.World.SubmitAsync(Some.Transaction(Some.Put("rates/d")))).Reason);
        Assert.IsType<Outcome.Committed>(await outbox.World.SubmitAsync(Some.Transaction(Some.Put("elsewhere"))));
        Assert.IsType<Outcome.Committed>(await outbox.World.SubmitAsync(Some.Transaction(Some.Delete("rates/b"))));

        await outbox.UntilAsync(() => outbox.World.Origin.Outbox!.OldestMilliseconds != long.MaxValue);
        outbox.World.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(RejectionReason.OriginOutboxFull, Assert.IsType<Outcome.Rejected>(await outbox.World.SubmitAsync(Some.Transaction(Some.Put("rates/a")))).Reason);
        outbox.Sink.Script = _ => Task.FromResult(ScriptedSink.Written);
        await outbox.DeliveredAsync();
        await outbox.UntilAsync(() => outbox.World.Origin.Outbox!.OldestMilliseconds == long.MaxValue);
        await outbox.PutAsync("d");
    }

    [Fact]
    public async Task Bounds_OfATransaction_CountItsKeys()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options(entriesMax: 3)).StartAsync();
        outbox.Sink.Script = _ => Task.FromResult(ScriptedSink.Unreachable);
        Transaction Of(int count) => Some.Transaction([.. Enumerable.Range(0, count).Select(i => Some.Put($"rates/{i}"))]);
        Assert.IsType<Outcome.Rejected>(await outbox.World.SubmitAsync(Of(4)));
        Assert.IsType<Outcome.Committed>(await outbox.World.SubmitAsync(Of(3)));
    }

    [Fact]
    public async Task Stop_DuringADelivery_EndsItAndKeepsTheOthers()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options(workers: 1), isOnDisk: true).StartAsync();
        var gate = outbox.Sink.Hold(ScriptedSink.Written);
        await outbox.PutAsync("a");
        await gate.Reached;
        await outbox.PutAsync("b");
        var stopping = outbox.Workers.StopAsync(CancellationToken.None);
        gate.Open();
        await stopping.Within();
        Assert.Equal((1, 1), (outbox.Sink.Calls.Count, outbox.Status.Pending));

        await outbox.World.RestartAsync();
        outbox.StartWorkers();
        await outbox.DeliveredAsync();
        Assert.Equal(["rates/a", "rates/b"], outbox.Sink.Calls.Select(write => write.Key.ToString()));
    }

    [Fact]
    public async Task Stop_AtOnce_LeavesTheKeyDirty()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        var gate = outbox.Sink.Hold(ScriptedSink.Written);
        await outbox.PutAsync("a");
        await gate.Reached;
        await outbox.Workers.StopAsync(new CancellationToken(canceled: true)).Within();
        Assert.Equal((1, true), (outbox.Status.Pending, outbox.World.Evaluate("rates/a").IsDirty));
    }

    // Otherwise what was acknowledged would never arrive, without a word.
    [Theory]
    [InlineData(OriginWrites.Behind, "rates/", null)]
    [InlineData(OriginWrites.Local, "rates/", "1 writes have yet to reach the origin acme, whose Writes is not behind any more")]
    [InlineData(OriginWrites.Behind, "other/", "not in the settings any more")]
    public async Task Settings_ThatDeliverNothing_AreFound(OriginWrites writes, string prefix, string? problem)
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        outbox.Sink.Script = _ => Task.FromResult(ScriptedSink.Unreachable);
        await outbox.PutAsync("k");
        var found = OutboxMarks.FindOrphan(outbox.Store.Latest, new OriginTable([new OriginState(OriginWorld.Options(writes) with { Prefix = prefix }, default, outbox.World.Time)]));
        Assert.Equal(problem is null, found is null);
        Assert.Contains(problem ?? "", found ?? "", StringComparison.Ordinal);
    }

    // A follower that delivered, too, would send each write twice.
    [Fact]
    public async Task Replica_ThatIsNotTheFirst_DeliversNothing()
    {
        await using var outbox = new OutboxWorld(OutboxWorld.Options());
        await outbox.World.StartAsync();
        outbox.World.Log.Rank = 1;
        outbox.StartWorkers();
        await outbox.PutAsync("k");
        for (var i = 0; i < 100; i++)
        {
            outbox.World.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Empty(outbox.Sink.Calls);
        outbox.World.Log.Rank = 0;
        await outbox.DeliveredAsync();
        Assert.Single(outbox.Sink.Calls);
    }

    // Otherwise a full store would deliver the same again and again.
    [Fact]
    public async Task Delivered_NoRoomForARecord_IsNotDirtyAnyMore()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        var gate = outbox.Sink.Hold(ScriptedSink.Written);
        await outbox.PutAsync("k");
        await gate.Reached;
        var log = outbox.World.Log;
        log.CommittingInstead = (batch, _) =>
        {
            log.CommittingInstead = null;
            return Task.FromResult<Outcome[]>([.. batch.Select(_ => new Outcome.NotApplied(NotAppliedReason.MemoryFull))]);
        };
        gate.Open();
        await outbox.DeliveredAsync();
        Assert.Single(outbox.Sink.Calls);
        Assert.Null(log.CommittingInstead);
    }

    // Nor would it park a key without that, and ask the origin for ever.
    [Fact]
    public async Task Refused_NoRoomForTheReason_IsParked()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        var log = outbox.World.Log;
        outbox.Sink.Script = _ =>
        {
            log.CommittingInstead = (batch, _) =>
            {
                log.CommittingInstead = null;
                return Task.FromResult<Outcome[]>([.. batch.Select(_ => new Outcome.NotApplied(NotAppliedReason.NoSpace))]);
            };
            return Task.FromResult(ScriptedSink.Refused);
        };
        await outbox.PutAsync("k");
        await outbox.UntilAsync(() => outbox.Status is { Pending: 0, Parked: 1 });
        Assert.Single(outbox.Sink.Calls);
        Assert.Equal("", OutboxMark.Read(OutboxMarks.Find(outbox.Store.Latest, Some.Key("rates/k"))!.Value, withReason: true).Reason);
    }

    // A load that began after the write was given up, and before the origin got it all the same, has what the origin had before.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Drop_WhileItIsDelivered_HasTheKeyLoadedAfterIt(bool isAnswered)
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        var gate = outbox.Sink.Hold(isAnswered ? ScriptedSink.Written : ScriptedSink.Ill);
        await outbox.PutAsync("k");
        await gate.Reached;
        Assert.IsType<Outcome.Committed>(await outbox.World.SubmitAsync(outbox.World.Origin.Drop(OutboxMarks.Find(outbox.Store.Latest, Some.Key("rates/k"))!.Value)));
        Assert.Equal(LoadCommit.Stored, await outbox.World.LoadAsync("before"));
        Assert.True(outbox.World.Evaluate().IsFresh);
        gate.Open();
        await Soon.UntilAsync(() => !outbox.World.Evaluate().IsFresh);
    }

    [Fact]
    public async Task Looking_EndsByAnException_IsDoneAgain()
    {
        await using var outbox = await new OutboxWorld(OutboxWorld.Options()).StartAsync();
        var log = outbox.World.Log;
        log.Ranking = () =>
        {
            log.Rank = 0;
            throw new InvalidOperationException("planted");
        };
        await outbox.PutAsync("k");
        await Soon.UntilAsync(() => outbox.Has(OriginEventKind.Faulted));
        await outbox.DeliveredAsync();
        Assert.Single(outbox.Sink.Calls);
    }
}

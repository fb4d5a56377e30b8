namespace KvStore.Mergeable.Tests;

/// <summary>What the store does not commit, and what others commit meanwhile.</summary>
public class FailureTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Merge_NotCommitted_NothingOfItIsSeenLater(bool isUnknown, bool isCommitted)
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("t", Ask.Edit(0, "a", type: CrdtType.Text));
        Outcome outcome = isUnknown ? Outcome.Unknown.Instance : new Outcome.NotApplied(NotAppliedReason.NoSpace);
        if (isCommitted)
            place.Log.Answering = outcomes => [.. outcomes.Select(_ => outcome)];
        else
            place.Log.CommittingInstead = (batch, _) => Task.FromResult(batch.Select(_ => outcome).ToArray());
        Assert.Equal(outcome, Assert.IsType<MergeResult.NotCommitted>(await place.MergeAsync("t", Ask.Edit(1, "b"))).Outcome);
        (place.Log.CommittingInstead, place.Log.Answering) = (null, outcomes => outcomes);

        var expected = isCommitted ? "ab" : "a";
        Assert.Equal(expected, await place.ReadAsync("t", MergeableForm.Text));
        var merged = await place.MergedAsync("t", Ask.Edit(0, ">"));
        Assert.Equal((isCommitted ? 3UL : 2UL, ">" + expected), (merged.Version.Entries.Single().Value, await place.ReadAsync("t", MergeableForm.Text)));
    }

    [Fact]
    public async Task Merge_EntryChangesMeanwhile_IsMergedIntoWhatThereIs()
    {
        await using var place = await Place.StartAsync();
        await using var other = new MergeableValues(place.Store, new MergeableOptions(), place.Time);
        await place.MergedAsync("t", Ask.Edit(0, "a", type: CrdtType.Text));
        Func<Task>[] changes =
        [
            () => other.MergeAsync(Some.Key("t"), Ask.Edit(0, "other"), CancellationToken.None).AsTask(),
            () => place.Store.CommitAsync(new SetExpiry(Some.Key("t"), ExpiryUpdate.At(place.Time.GetUtcNow().AddHours(1)))),
            () => place.Store.CommitAsync(new Delete(Some.Key("t"))),
        ];
        string[] expected = ["1othera", "21othera", "3"];
        for (var i = 0; i < changes.Length; i++)
        {
            // The log is at work, so both are made for the same state, and the change is committed first.
            var gate = place.Log.Block();
            var blocking = place.Store.CommitAsync(Some.Put("blocking"));
            var changing = changes[i]();
            var merging = place.MergeAsync("t", Ask.Edit(0, $"{i + 1}", type: CrdtType.Text));
            gate.SetResult();
            await Task.WhenAll(blocking, changing, merging).Within();
            Assert.IsType<MergeResult.Merged>(await merging);
            Assert.Equal(expected[i], await place.ReadAsync("t", MergeableForm.Text));
        }
    }

    [Fact]
    public async Task Merge_TwoProcessesAtOnce_IsExact()
    {
        await using var place = await Place.StartAsync();
        await using var other = new MergeableValues(place.Store, new MergeableOptions(), place.Time);
        await place.MergedAsync("n", Ask.Increment(0, CrdtType.GCounter));
        var results = await Task.WhenAll(Enumerable.Range(0, 4).SelectMany(client => new[] { place.Values, other }.Select(values => Task.Run(async () =>
        {
            var committed = 0;
            for (var i = 0; i < 100; i++)
                committed += await values.MergeAsync(Some.Key("n"), Ask.Increment(1), CancellationToken.None) is MergeResult.Merged ? 1 : 0;
            return committed;
        })))).Within();
        Assert.Equal($"{results.Sum()}", await place.ReadAsync("n"));
        Assert.InRange(results.Sum(), 400, 800);
        Assert.Equal(await ReadAsync(other, place, "n"), await place.ReadAsync("n"));
    }

    [Fact]
    public async Task Merge_NothingToCommit_IsOfAStateThatIsNotOld()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("n", Ask.Increment(1, CrdtType.GCounter));
        place.Log.Barrier = _ => Task.FromResult<long?>(null);
        var result = Assert.IsType<MergeResult.NotCommitted>(await place.MergeAsync("n", Ask.Increment(0)));
        Assert.Equal(NotAppliedReason.Unreachable, Assert.IsType<Outcome.NotApplied>(result.Outcome).Reason);
        await place.MergedAsync("n", Ask.Increment(1));

        // Another process has deleted it, and this one learns of that with the barrier.
        place.Log.Barrier = async _ =>
        {
            place.Log.Barrier = Task.FromResult;
            await place.Store.CommitAsync(Some.Delete("n"));
            return place.Store.Latest.Revision;
        };
        Assert.Equal(MergeRefusal.Absent, await place.RefusedAsync("n", Ask.Increment(0)));
    }

    [Fact]
    public async Task Merge_BeforeAndAfterTheStoreRuns_IsNotCommitted()
    {
        var time = new FakeTimeProvider();
        await using var store = new Store(new FakeCommitLog(time), new StoreOptions(), time);
        await using var values = new MergeableValues(store, new MergeableOptions(), time);
        IsNotApplied(await values.MergeAsync(Some.Key("n"), Ask.Increment(1), CancellationToken.None), NotAppliedReason.Loading);
        store.Start();
        await store.Loaded.Within();
        await values.DisposeAsync();
        IsNotApplied(await values.MergeAsync(Some.Key("n"), Ask.Increment(1), CancellationToken.None), NotAppliedReason.Stopping);
        await store.StopAsync();
        IsNotApplied(await values.MergeAsync(Some.Key("n"), Ask.Increment(1), CancellationToken.None), NotAppliedReason.Stopping);
    }

    [Fact]
    public async Task Merge_WaitedTooLong_ReleasesWhatItWasCharged()
    {
        var time = new FakeTimeProvider();
        var log = new FakeCommitLog(time);
        await using var store = await Stores.StartAsync(log, new StoreOptions { QueueWaitMax = TimeSpan.FromSeconds(10) }, time);
        await using var values = new MergeableValues(store, new MergeableOptions(), time);
        var (entered, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        log.Committing = () =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        var first = values.MergeAsync(Some.Key("n"), Ask.Increment(1, CrdtType.GCounter), CancellationToken.None);
        await entered.Task.Within();
        var late = values.MergeAsync(Some.Key("n"), Ask.Increment(1), CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(11));
        gate.SetResult();
        Assert.IsType<MergeResult.Merged>(await first.AsTask().Within());
        IsNotApplied(await late.AsTask().Within(), NotAppliedReason.WaitedTooLong);

        // Ended, all has been released.
        await values.DisposeAsync();
        Assert.Equal(0, store.Memory.Queue.Bytes);
    }

    [Fact]
    public async Task Merge_RepeatedWhenItHasFilledTheValue_IsReplayed()
    {
        await using var place = await Place.StartAsync(new MergeableOptions { ValueBytesMax = 2_000 });
        await place.MergedAsync("t", Ask.Edit(0, new string('x', 1_500), type: CrdtType.Text));
        var request = Ask.Edit(0, new string('y', 300)) with { Idempotency = new Idempotency("key"u8, "f"u8.ToArray(), TimeSpan.FromHours(1), 10_000) };
        var merged = await place.MergedAsync("t", request);
        var replayed = Assert.IsType<Outcome.Replayed>(Assert.IsType<MergeResult.NotCommitted>(await place.MergeAsync("t", request)).Outcome);
        Assert.Equal(merged.Revision, replayed.Original.Revision);
        var other = request with { Idempotency = new Idempotency("other"u8, "f"u8.ToArray(), TimeSpan.FromHours(1), 10_000) };
        Assert.Equal(MergeRefusal.TooLarge, await place.RefusedAsync("t", other));
        Assert.Equal(MergeRefusal.TooLarge, await place.RefusedAsync("t", other));
    }

    [Fact]
    public async Task Read_AnotherProcessHasWrittenItAnew_IsKeptDecoded()
    {
        await using var place = await Place.StartAsync();
        await using var other = new MergeableValues(place.Store, new MergeableOptions(), place.Time);
        await place.MergedAsync("t", Ask.Edit(0, "a", type: CrdtType.Text));
        foreach (var length in (int[])[20_000, 1])
            await other.MergeAsync(Some.Key("t"), Ask.Edit(0, new string('b', length)), CancellationToken.None);
        var before = place.Store.Memory.Crdt.Bytes;
        Assert.Equal(20_002, (await place.ReadAsync("t", MergeableForm.Text)).Length);
        Assert.True(place.Store.Memory.Crdt.Bytes > before + 20_000);
    }

    private static void IsNotApplied(MergeResult result, NotAppliedReason reason) => Stores.IsNotApplied(Assert.IsType<MergeResult.NotCommitted>(result).Outcome, reason);

    private static async Task<string> ReadAsync(MergeableValues values, Place place, string key) =>
        System.Text.Encoding.UTF8.GetString((await values.ReadAsync(place.Find(key)!.Value, null, MergeableForm.Json, CancellationToken.None))!.Bytes!.Value.Span);
}

namespace KvStore.Mergeable.Tests;

/// <summary>Requests for one key that come while a commit is under way.</summary>
public class BatchTests
{
    [Fact]
    public async Task Merge_ThousandAtOnce_IsExactInFewCommits()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("n", Ask.Increment(0, CrdtType.PNCounter));
        var gate = place.Log.Block();
        var merges = Enumerable.Range(1, 1_000).Select(i => place.MergeAsync("n", Ask.Increment(i % 2 == 0 ? i : -1))).ToArray();
        gate.SetResult();
        var results = await Task.WhenAll(merges);

        Assert.Equal(250_500 - 500, (await place.MergedAsync("n", Ask.Increment(0))).Number);
        Assert.InRange(results.Cast<MergeResult.Merged>().Select(merged => merged.Revision).Distinct().Count(), 2, 4);
        Assert.True(place.Find("n")!.Value.Value.Length < 400);
        Assert.Equal(0, place.Store.QueuedBytes);
    }

    [Fact]
    public async Task Merge_ManyLackALargeValue_FewAreAnsweredAtOnce()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("t", Ask.Edit(0, new string('a', 1_000_000), type: CrdtType.Text));
        var gate = place.Log.Block();
        var merges = Enumerable.Range(0, 40).Select(_ => place.MergeAsync("t", Ask.Edit(0, "b") with { Since = VersionVector.Empty })).ToArray();
        gate.SetResult();
        var results = (await Task.WhenAll(merges)).Cast<MergeResult.Merged>().ToArray();
        Assert.All(results, merged => Assert.True(merged.Delta!.Value.Length > 1_000_000));
        Assert.InRange(results.GroupBy(merged => merged.Revision).Max(group => group.Count()), 2, 17);
    }

    [Fact]
    public async Task Merge_OneOfABatchRefused_OthersAreCommitted()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("t", Ask.Edit(0, "a", type: CrdtType.Text));
        var gate = place.Log.Block();
        var first = place.MergeAsync("t", Ask.Edit(0, "b"));
        Task<MergeResult>[] rest =
        [
            place.MergeAsync("t", Ask.Edit(9, "no")),
            place.MergeAsync("t", new MergeRequest(new MergeChange.Edits([new(0, "no", 0), new(99, "no", 0)], null))),
            place.MergeAsync("t", Ask.Edit(0, "c")),
            place.MergeAsync("t", Ask.Delta(new byte[] { 1 })),
            place.MergeAsync("t", Ask.Increment(1)),
        ];
        gate.SetResult();
        await first;
        var results = await Task.WhenAll(rest);

        Assert.Equal(
            [MergeRefusal.OutOfRange, MergeRefusal.OutOfRange, null, MergeRefusal.Malformed, MergeRefusal.Unsupported],
            results.Select(result => (result as MergeResult.Refused)?.Reason));
        Assert.Equal("cba", await place.ReadAsync("t", MergeableForm.Text));
        var watcher = MergeableValue.TryLoad((await place.ReplicaAsync("t", 1)).Encode(), new ReplicaId(2));
        Assert.Equal("cba", ((TextReplica)watcher!).GetText());
    }

    [Fact]
    public async Task Merge_CreatedInABatch_OneOfThemCreated()
    {
        await using var place = await Place.StartAsync();
        var gate = place.Log.Block();
        var first = place.MergeAsync("k", Ask.Increment(1) with { Guards = [Guard.Exists(Some.Key("k"))] });
        Task<MergeResult>[] rest =
        [
            place.MergeAsync("k", Ask.Increment(1)),
            place.MergeAsync("k", Ask.Increment(-1, CrdtType.GCounter)),
            place.MergeAsync("k", Ask.Increment(1, CrdtType.PNCounter)),
            place.MergeAsync("k", Ask.Increment(1, CrdtType.PNCounter)),
            place.MergeAsync("k", Ask.Increment(1, CrdtType.GCounter)),
            place.MergeAsync("k", Ask.Increment(1)),
        ];
        gate.SetResult();
        var results = await Task.WhenAll(rest);

        Assert.IsType<Outcome.GuardsFailed>(Assert.IsType<MergeResult.NotCommitted>(await first).Outcome);
        Assert.Equal([MergeRefusal.Absent, MergeRefusal.Unsupported, null, null, MergeRefusal.OtherType, null], results.Select(result => (result as MergeResult.Refused)?.Reason));
        Assert.Equal([true, false, false], results.OfType<MergeResult.Merged>().Select(merged => merged.IsCreated));
        Assert.Equal("3", await place.ReadAsync("k"));
    }

    [Fact]
    public async Task Merge_WhileACommitIsUnderWay_ReadersSeeOnlyWhatIsCommitted()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("t", Ask.Edit(0, "seen", type: CrdtType.Text));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var committing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        place.Log.Committing = () =>
        {
            committing.TrySetResult();
            return gate.Task;
        };
        var merging = place.MergeAsync("t", Ask.Edit(0, "un"));
        await committing.Task.Within();
        var read = await place.ReadAsync("t", MergeableForm.Text);
        var pull = place.MergeAsync("t", new MergeRequest(null));
        var isPulled = pull.IsCompleted;
        gate.SetResult();
        await merging;
        Assert.Equal(("seen", false), (read, isPulled));
        Assert.Equal("unseen", await place.ReadAsync("t", MergeableForm.Text));
        Assert.IsType<MergeResult.Merged>(await pull);
    }

    [Fact]
    public async Task Merge_Guards_DecideOnlyOnTheirOwnRequest()
    {
        await using var place = await Place.StartAsync();
        var created = await place.MergedAsync("k", Ask.Increment(1, CrdtType.GCounter) with { Guards = [Guard.Absent(Some.Key("k"))] });
        var gate = place.Log.Block();
        var first = place.MergeAsync("k", Ask.Increment(1));
        Task<MergeResult>[] rest =
        [
            place.MergeAsync("k", Ask.Increment(10) with { Guards = [Guard.RevisionIn(Some.Key("k"), created.Revision)] }),
            place.MergeAsync("k", Ask.Increment(100)),
            place.MergeAsync("k", Ask.Increment(1_000) with { Guards = [Guard.Exists(Some.Key("k"))] }),
            place.MergeAsync("k", Ask.Increment(-1) with { Guards = [Guard.Absent(Some.Key("k"))] }),
        ];
        gate.SetResult();
        await first;
        var results = await Task.WhenAll(rest);

        Assert.Single(Assert.IsType<Outcome.GuardsFailed>(Assert.IsType<MergeResult.NotCommitted>(results[0]).Outcome).Failed);
        Assert.IsType<Outcome.GuardsFailed>(Assert.IsType<MergeResult.NotCommitted>(results[3]).Outcome);
        Assert.Equal("1102", await place.ReadAsync("k"));
    }

    [Fact]
    public async Task Merge_SameIdempotencyKey_CountsOnce()
    {
        await using var place = await Place.StartAsync();
        var request = Ask.Increment(5, CrdtType.GCounter) with { Idempotency = new Idempotency("key"u8, "f"u8.ToArray(), TimeSpan.FromHours(1), 10_000) };
        await place.MergedAsync("k", request);
        var replayed = Assert.IsType<Outcome.Replayed>(Assert.IsType<MergeResult.NotCommitted>(await place.MergeAsync("k", request)).Outcome);
        await place.Store.CommitAsync(Some.Delete("k"));
        Assert.IsType<Outcome.Replayed>(Assert.IsType<MergeResult.NotCommitted>(await place.MergeAsync("k", request with { Type = null })).Outcome);
        Assert.Null(place.Find("k"));
        Assert.False(replayed.Original.Results[0].Existed);

        var increment = Ask.Increment(5) with { Idempotency = new Idempotency("other"u8, "f"u8.ToArray(), TimeSpan.FromHours(1), 10_000) };
        await place.MergedAsync("k", Ask.Increment(1, CrdtType.GCounter));
        await place.MergedAsync("k", increment);
        await place.MergeAsync("k", increment);
        Assert.Equal("6", await place.ReadAsync("k"));
    }

    [Fact]
    public async Task Merge_TooMany_IsQueueFull()
    {
        await using var place = await Place.StartAsync(new MergeableOptions { WaitingMax = 3 });
        var gate = place.Log.Block();
        var merges = Enumerable.Range(0, 6).Select(_ => place.MergeAsync("k", Ask.Increment(1, CrdtType.GCounter))).ToArray();
        gate.SetResult();
        var full = (await Task.WhenAll(merges)).OfType<MergeResult.NotCommitted>().ToArray();
        Assert.Equal([NotAppliedReason.QueueFull, NotAppliedReason.QueueFull], full.Select(result => Assert.IsType<Outcome.NotApplied>(result.Outcome).Reason));
        Assert.Equal("4", await place.ReadAsync("k"));
        Assert.Equal(0, place.Store.QueuedBytes);
    }

    [Fact]
    public async Task Merge_CallerLeaves_IsCommittedAllTheSame()
    {
        await using var place = await Place.StartAsync();
        var gate = place.Log.Block();
        using var leaving = new CancellationTokenSource();
        var merging = place.Values.MergeAsync(Some.Key("k"), Ask.Increment(1, CrdtType.GCounter), leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => merging);
        gate.SetResult();
        Assert.Equal(2, (await place.MergedAsync("k", Ask.Increment(1))).Number);
    }

    [Fact]
    public async Task Merge_TooLarge_IsRefusedAlone()
    {
        await using var place = await Place.StartAsync(new MergeableOptions { ValueBytesMax = 20_000 });
        await place.MergedAsync("t", Ask.Edit(0, new string('a', 15_000), type: CrdtType.Text));
        var gate = place.Log.Block();
        var first = place.MergeAsync("t", Ask.Edit(0, "b"));
        Task<MergeResult>[] rest = [place.MergeAsync("t", Ask.Edit(0, new string('c', 9_000))), place.MergeAsync("t", Ask.Edit(0, "d")), place.MergeAsync("t", Ask.Edit(0, new string('e', 100)))];
        gate.SetResult();
        await first;
        Assert.Equal([MergeRefusal.TooLarge, null, null], (await Task.WhenAll(rest)).Select(result => (result as MergeResult.Refused)?.Reason));
        Assert.Equal(15_102, (await place.ReadAsync("t", MergeableForm.Text)).Length);

        // A full text can be made smaller.
        while (await place.MergeAsync("t", Ask.Edit(0, new string('f', 100))) is MergeResult.Merged)
            Assert.True(place.Find("t")!.Value.Value.Length <= 20_000);
        await place.MergedAsync("t", Ask.Edit(0, null, 10_000));
        await place.MergedAsync("t", Ask.Edit(0, new string('g', 5_000)));
        Assert.Equal(MergeRefusal.TooLarge, await place.RefusedAsync("u", Ask.Edit(0, new string('h', 21_000), type: CrdtType.Text)));
    }
}

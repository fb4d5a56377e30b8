using System.Text.Json;
using System.Text.Json.Nodes;

namespace KvStore.Tests;

public sealed class PatchPreparerTests
{
    private static readonly byte[] Large = JsonSerializer.SerializeToUtf8Bytes(new { text = new string('x', 100_000) });

    [Fact]
    public async Task SubmitAsync_LargeValueContended_EachIsSubmittedOnce()
    {
        var log = new FakeCommitLog();
        var store = await Stores.StartAsync(log);
        await store.CommitAsync(new Put(Some.Key("k"), Large, "application/json"));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => store.SubmitAsync(Some.Transaction(Patch($"{{\"m{i}\":{i}}}")))))).Within();

        Assert.All(outcomes, outcome => Assert.IsType<Outcome.Committed>(outcome));
        Assert.Equal(33, Members(store).Count);
        Assert.Equal(33, store.Latest.Find(Some.Key("k"))!.Value.Version);
        await store.StopAsync();
        Assert.Equal(33, log.BatchSizes.Sum());
        Assert.Equal(0, store.QueuedBytes);
    }

    // Another writer replaces the value before each evaluation: the patch is prepared again a few times, then merged by the log's thread.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task SubmitAsync_ValueReplacedMeanwhile_AppliesToLatest(int replacements)
    {
        var inner = new MemoryCommitLog(TimeProvider.System);
        var log = new FakeCommitLog(inner);
        await using var store = await Stores.StartAsync(log);
        await store.CommitAsync(new Put(Some.Key("k"), Large, "application/json"));
        var replaced = 0;
        log.Committing = async () =>
        {
            if (replaced < replacements)
                await inner.CommitAsync([Some.Transaction(new Put(Some.Key("k"), Replacement(++replaced), "application/json"))], TestContext.Current.CancellationToken);
        };

        Assert.IsType<Outcome.Committed>(await store.SubmitAsync(Some.Transaction(Patch("{\"patched\":true}"))).Within());

        Assert.Equal(Math.Min(replacements, 4), replaced);
        Assert.True((bool)Members(store)["patched"]!);
        Assert.Equal(replaced, (int?)Members(store)["number"] ?? 0);
        Assert.Equal(0, store.QueuedBytes);

        static byte[] Replacement(int number) => JsonSerializer.SerializeToUtf8Bytes(new { text = new string('x', 100_000), number });
    }

    [Fact]
    public async Task SubmitAsync_SmallValueBecomesLarge_IsPrepared()
    {
        var inner = new MemoryCommitLog(TimeProvider.System);
        var log = new FakeCommitLog(inner);
        await using var store = await Stores.StartAsync(log);
        await store.CommitAsync(Some.Put("k", "{}", contentType: "application/json"));
        var replaced = false;
        log.Committing = async () =>
        {
            if (!replaced)
                await inner.CommitAsync([Some.Transaction(new Put(Some.Key("k"), Large, "application/json"))], TestContext.Current.CancellationToken);
            replaced = true;
        };

        await store.SubmitAsync(Some.Transaction(Patch("{\"a\":1}"))).Within();

        Assert.Equal(["text", "a"], Members(store).Select(member => member.Key));
    }

    // A patch behind a write of the same connection is submitted by the thread that answers that write, and others wait for their answers.
    [Fact]
    public async Task SubmitAsync_FromAnInlineContinuation_IsPreparedOnAnotherThread()
    {
        await using var store = await Stores.StartAsync();
        await store.CommitAsync(new Put(Some.Key("k"), Large, "application/json"));
        var among = new List<bool>();
        var preparer = new PatchPreparer(
            () =>
            {
                among.Add(CallerAnswers.AreRunning);
                return store.Latest;
            },
            _ => Task.FromResult<Outcome>(Outcome.Unknown.Instance),
            store.Memory.Queue,
            TimeSpan.FromMinutes(1),
            TimeProvider.System);
        var outcome = new OutcomeTask(continuesInline: true);
        var write = new PendingTransaction(new Transaction([], [Some.Put("write")]) { ContinuesInline = true }, default, outcome);
        var patching = PatchAsync();

        // Not on this thread: nothing continues inline on one with a synchronization context, as that of a test has.
        await Task.Run(new CallerAnswers([write], [Outcome.Unknown.Instance], static () => { }).Execute, TestContext.Current.CancellationToken).Within();
        await patching.Within();

        // It is found to be large among the answers, and prepared elsewhere.
        Assert.Equal([true, false], among);

        async Task PatchAsync()
        {
            await outcome.Task.ConfigureAwait(false);
            await preparer.SubmitAsync(new Transaction([], [Patch("{\"a\":1}")]));
        }
    }

    [Fact]
    public async Task SubmitAsync_LaneWaitedTooLong_IsNotApplied()
    {
        var time = new FakeTimeProvider();
        var gate = new Gate();
        var log = new FakeCommitLog(time);
        await using var store = await Stores.StartAsync(log, new StoreOptions { QueueWaitMax = TimeSpan.FromSeconds(1) }, time);
        await store.CommitAsync(new Put(Some.Key("k"), Large, "application/json"));
        log.Committing = gate.PassAsync;
        var first = store.SubmitAsync(Some.Transaction(Patch("{\"a\":1}")));
        await gate.Reached;
        var second = store.SubmitAsync(Some.Transaction(Patch("{\"b\":1}")));
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        gate.Open();

        Assert.IsType<Outcome.Committed>(await first.Within());
        Stores.IsNotApplied(await second.Within(), NotAppliedReason.WaitedTooLong);
        Assert.Equal(["text", "a"], Members(store).Select(member => member.Key));
        Assert.Equal(0, store.QueuedBytes);
    }

    // What waits for its lane is charged with its objects: a patch of a few bytes takes a kilobyte or two.
    [Fact]
    public async Task SubmitAsync_ManyWaitForALane_AreBoundedByMemory()
    {
        var gate = new Gate();
        var log = new FakeCommitLog();
        await using var store = await Stores.StartAsync(log, new StoreOptions { QueueBytesMax = 400_000 });
        await store.CommitAsync(new Put(Some.Key("k"), Large, "application/json"));
        log.Committing = gate.PassAsync;
        var submitted = Enumerable.Range(0, 500).Select(_ => store.SubmitAsync(Some.Transaction(Patch("{\"a\":1}")))).ToList();
        await gate.Reached;
        Assert.InRange(submitted.Count(one => !one.IsCompleted), 50, 200);
        Assert.InRange(store.QueuedBytes, 200_000 + (40 * TransactionCost.OperationBytes), 400_000);
        foreach (var rejected in submitted.Where(one => one.IsCompleted))
            Stores.IsNotApplied(await rejected, NotAppliedReason.QueueFull);
        gate.Open();

        await Task.WhenAll(submitted).Within();
        Assert.Equal(0, store.QueuedBytes);
    }

    [Fact]
    public async Task SubmitAsync_MoreThanTheQueueMayHave_IsTooLarge()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { QueueBytesMax = 150_000 });
        await store.CommitAsync(new Put(Some.Key("k"), Large, "application/json"));
        var patch = Patch($"{{\"a\":[{string.Join(',', Enumerable.Repeat(1, 20_000))}]}}");
        var rejected = Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(patch)).Within());
        Assert.Equal(RejectionReason.TransactionTooLarge, rejected.Reason);
        Assert.Equal(0, store.QueuedBytes);
    }

    [Fact]
    public async Task SubmitAsync_GuardFailsOrNotJson_IsAnswered()
    {
        await using var store = await Stores.StartAsync();
        await store.CommitAsync(new Put(Some.Key("k"), new byte[100_000], "application/json"));
        Assert.IsType<Outcome.GuardsFailed>(await store.SubmitAsync(Some.Transaction(Guard.Absent(Some.Key("k")), Patch("{}"))).Within());
        var rejected = Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(Patch("{}"))).Within());
        Assert.Equal(RejectionReason.NotJson, rejected.Reason);
        await store.CommitAsync(new Put(Some.Key("k"), Large, "application/json"));
        rejected = Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(MergePatch.TryCreate(Some.Key("k"), Some.Bytes("{\"a\":1}"), 100_000, default)!)).Within());
        Assert.Equal(RejectionReason.TooLarge, rejected.Reason);
    }

    private static MergePatch Patch(string text) => MergePatch.TryCreate(Some.Key("k"), Some.Bytes(text), 1 << 20, default)!;

    private static JsonObject Members(Store store) => JsonNode.Parse(store.Latest.Text("k"))!.AsObject();
}

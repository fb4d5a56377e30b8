using KvStore.Extensions.Queues;

namespace KvStore.Extensions.Tests;

/// <summary>Queues of clients in this process. A lease that ends is a deletion of its entry, so a test that deletes it need not wait.</summary>
public sealed class QueueTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    private KvStoreClient Client => service.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_EnqueuedClaimedCompleted_IsGoneAndItsResultStored()
    {
        var queue = NewQueue();
        Assert.Null(await queue.TryClaimAsync(Token));
        var id = await queue.EnqueueAsync(new byte[] { 0, 255 }, "application/x-thing", cancellationToken: Token);
        await using var job = (await queue.TryClaimAsync(Token))!;
        Assert.Equal((id, 1, "application/x-thing"), (job.Id, job.Attempt, job.ContentType));
        Assert.Equal([0, 255], job.Payload.ToArray());
        Assert.Null(await NewQueue().TryClaimAsync(Token));
        Assert.Equal(new KvQueueCounts(0, 1, 0, 0), await queue.CountAsync(Token));

        await job.CompleteAsync(new KvTransaction().Put(_prefix + "result", "done"), Token);
        Assert.True(job.IsSettled);
        Assert.False(job.Lost.IsCancellationRequested);
        Assert.Equal("done", (await Client.GetAsync(_prefix + "result", cancellationToken: Token))!.Text);
        await Assert.ThrowsAsync<InvalidOperationException>(() => job.CompleteAsync(cancellationToken: Token));
        Assert.Empty(await LeftAsync());
    }

    [Fact]
    public async Task Enqueue_Again_IsOneJob()
    {
        var queue = NewQueue();
        var options = new KvEnqueueOptions { IdempotencyKey = _prefix + "42" };
        var id = await queue.EnqueueAsync("once", options, Token);
        Assert.Equal(id, await NewQueue().EnqueueAsync("once", options, Token));
        await using (var job = (await queue.TryClaimAsync(Token))!)
            await job.CompleteAsync(cancellationToken: Token);
        Assert.Equal(id, await queue.EnqueueAsync("once", options, Token));
        Assert.Null(await queue.TryClaimAsync(Token));
    }

    [Fact]
    public async Task Claim_Waiting_GetsTheNextJob()
    {
        var queue = NewQueue();
        var waiting = queue.ClaimAsync(Token);
        Assert.False(waiting.IsCompleted);
        var id = await queue.EnqueueAsync("job", cancellationToken: Token);
        await using var job = await waiting.Within();
        Assert.Equal((id, "job"), (job.Id, job.Text));
    }

    [Fact]
    public async Task Claim_Cancelled_LeavesNoJobBehind()
    {
        var queue = NewQueue();
        using var cancel = new CancellationTokenSource();
        var waiting = queue.ClaimAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Within());
        await queue.EnqueueAsync("job", cancellationToken: Token);
        await using var job = await queue.TryClaimAsync(Token);
        Assert.Equal(1, job!.Attempt);
    }

    [Fact]
    public async Task Window_Of1_ClaimsInOrder()
    {
        var queue = NewQueue(new KvQueueOptions { Prefix = _prefix, ClaimWindow = 1 });
        for (var i = 0; i < 12; i++)
            await queue.EnqueueAsync($"{i}", cancellationToken: Token);
        for (var i = 0; i < 12; i++)
        {
            await using var job = (await queue.TryClaimAsync(Token))!;
            Assert.Equal($"{i}", job.Text);
            await job.CompleteAsync(cancellationToken: Token);
        }
    }

    // The worker is paused: its lease ends, another one has the job, and then it continues.
    [Fact]
    public async Task Worker_Late_CannotCompleteOrWrite()
    {
        var queue = NewQueue();
        var id = await queue.EnqueueAsync("job", cancellationToken: Token);
        var late = (await queue.TryClaimAsync(Token))!;
        await EndLeaseAsync(late);
        await queue.SweepAsync(Token);
        await using var next = (await queue.TryClaimAsync(Token))!;
        Assert.Equal((id, 2), (next.Id, next.Attempt));
        Assert.True(next.FencingToken > late.FencingToken);

        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => Client.TransactAsync(late.Guard(new KvTransaction().Put(_prefix + "x", "late")), Token));
        foreach (var settle in new Func<Task>[] { () => late.CompleteAsync(new KvTransaction().Put(_prefix + "x", "late"), Token), () => late.AbandonAsync(cancellationToken: Token), () => late.RejectAsync("no", Token), () => late.ReleaseAsync(Token) })
            await Assert.ThrowsAsync<KvPreconditionFailedException>(settle);
        Assert.True(late.Lost.IsCancellationRequested);
        await late.DisposeAsync();
        Assert.False(await Client.ExistsAsync(_prefix + "x", cancellationToken: Token));
        await Client.TransactAsync(next.Guard(new KvTransaction().Put(_prefix + "x", "next")), Token);
        await next.CompleteAsync(cancellationToken: Token);
    }

    // Its lease has ended and no other worker has noticed: what it does still counts.
    [Fact]
    public async Task Worker_LateButFirst_Completes()
    {
        var queue = NewQueue();
        await queue.EnqueueAsync("job", cancellationToken: Token);
        await using var job = (await queue.TryClaimAsync(Token))!;
        await EndLeaseAsync(job);
        await job.CompleteAsync(cancellationToken: Token);
        await queue.SweepAsync(Token);
        Assert.Equal(default, await queue.CountAsync(Token));
    }

    [Fact]
    public async Task Complete_GuardOfTheResultsFails_JobStays()
    {
        var queue = NewQueue();
        await queue.EnqueueAsync("job", cancellationToken: Token);
        await using var job = (await queue.TryClaimAsync(Token))!;
        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => job.CompleteAsync(new KvTransaction().IfPresent(_prefix + "absent").Put(_prefix + "x", "1"), Token));
        Assert.False(job.IsSettled || job.Lost.IsCancellationRequested);
        await job.CompleteAsync(cancellationToken: Token);
    }

    [Fact]
    public async Task Lease_Renewed_StaysBeyondItsTime()
    {
        var time = new LeaseClock();
        var queue = new KvQueue(Client, "a/queue", new KvQueueOptions { Prefix = _prefix }, time.Time);
        await queue.EnqueueAsync("job", cancellationToken: Token);
        await using var job = (await queue.TryClaimAsync(Token))!;
        for (var i = 0; i < 4; i++)
        {
            // Also one that the store has deleted already, if no other worker has noticed.
            await Client.DeleteAsync(LeaseOf(job), cancellationToken: Token);
            await time.AdvanceToRenewalAsync();
            await time.RenewedAsync();
            Assert.True(await Client.ExistsAsync(LeaseOf(job), cancellationToken: Token));
        }

        Assert.False(job.Lost.IsCancellationRequested);
        await job.CompleteAsync(cancellationToken: Token);
        Assert.Empty(await LeftAsync());
    }

    [Fact]
    public async Task Lease_OfAJobThatAnotherWorkerHas_IsLost()
    {
        var time = new LeaseClock();
        var queue = new KvQueue(Client, "a/queue", new KvQueueOptions { Prefix = _prefix }, time.Time);
        await queue.EnqueueAsync("job", cancellationToken: Token);
        await using var late = (await queue.TryClaimAsync(Token))!;
        await Client.DeleteAsync(LeaseOf(late), cancellationToken: Token);
        await queue.SweepAsync(Token);
        await using var next = (await NewQueue().TryClaimAsync(Token))!;
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        late.Lost.Register(() => lost.TrySetResult());
        await time.AdvanceToRenewalAsync();
        await lost.Task.Within();
        Assert.True(await Client.ExistsAsync(LeaseOf(next), cancellationToken: Token));
    }

    [Fact]
    public async Task Abandon_Delays_TwiceAsLongEachTime_ThenDead()
    {
        var queue = NewQueue(new KvQueueOptions { Prefix = _prefix, ClaimsMax = 3, RetryDelay = TimeSpan.FromSeconds(4), RetryDelayMax = TimeSpan.FromMinutes(1) });
        var id = await queue.EnqueueAsync("job", cancellationToken: Token);
        foreach (var delay in new[] { 4, 8 })
        {
            var job = (await queue.TryClaimAsync(Token))!;
            await job.AbandonAsync("It failed.", cancellationToken: Token);
            await job.DisposeAsync();
            Assert.Equal(new KvQueueCounts(0, 0, 1, 0), await queue.CountAsync(Token));
            _time.Advance(TimeSpan.FromSeconds(delay) - TimeSpan.FromMilliseconds(2));
            await queue.SweepAsync(Token);
            Assert.Equal(1, (await queue.CountAsync(Token)).Delayed);
            _time.Advance(TimeSpan.FromMilliseconds(4));
            await queue.SweepAsync(Token);
            Assert.Equal(new KvQueueCounts(1, 0, 0, 0), await queue.CountAsync(Token));
        }

        await using (var job = (await queue.TryClaimAsync(Token))!)
            await job.AbandonAsync("It failed again.", cancellationToken: Token);
        var dead = Assert.Single(await queue.ListDeadAsync(Token).ToListAsync(Token));
        Assert.Equal((id, 3, "It failed again.", "job"), (dead.Id, dead.Attempts, dead.Reason, System.Text.Encoding.UTF8.GetString(dead.Payload.Span)));

        Assert.False(await queue.RequeueDeadAsync("another", Token));
        Assert.True(await queue.RequeueDeadAsync(id, Token));
        Assert.False(await queue.RequeueDeadAsync(id, Token));
        await using var again = (await queue.TryClaimAsync(Token))!;
        Assert.Equal((id, 1), (again.Id, again.Attempt));
        await again.RejectAsync(new string('x', 999) + "\U0001F600", Token);
        Assert.Equal(1000, Assert.Single(await queue.ListDeadAsync(Token).ToListAsync(Token)).Reason.Length);
        Assert.True(await queue.DeleteDeadAsync(id, Token));
        Assert.Empty(await LeftAsync());
    }

    [Fact]
    public async Task Crashes_OfEachAttempt_AreADeadLetter()
    {
        var queue = NewQueue(new KvQueueOptions { Prefix = _prefix, ClaimsMax = 2 });
        await queue.EnqueueAsync("poison", cancellationToken: Token);
        for (var i = 0; i < 2; i++)
        {
            await EndLeaseAsync((await queue.TryClaimAsync(Token))!);
            await queue.SweepAsync(Token);
        }

        Assert.Null(await queue.TryClaimAsync(Token));
        Assert.StartsWith("The lease", Assert.Single(await queue.ListDeadAsync(Token).ToListAsync(Token)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NotBefore_IsNotClaimedEarlier()
    {
        var queue = NewQueue();
        var due = _time.GetUtcNow() + TimeSpan.FromHours(1);
        var later = await queue.EnqueueAsync("later", new KvEnqueueOptions { NotBefore = due + TimeSpan.FromMinutes(1) }, Token);
        var id = await queue.EnqueueAsync("soon", new KvEnqueueOptions { NotBefore = due }, Token);
        await queue.SweepAsync(Token);
        Assert.Null(await queue.TryClaimAsync(Token));
        _time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(1));
        await queue.SweepAsync(Token);
        await using var job = (await queue.TryClaimAsync(Token))!;
        Assert.Equal((id, "soon", 1), (job.Id, job.Text, job.Attempt));
        Assert.NotEqual(later, id);
        Assert.Null(await queue.TryClaimAsync(Token));
    }

    // In a cluster, jobs that are enqueued in one commit below two prefixes have the same revision.
    [Fact]
    public async Task NotBefore_SameRevisionAsAnotherJob_BothAreExecuted()
    {
        var queue = NewQueue();
        var root = $"{_prefix}a%2Fqueue/";
        const string Name = "0000000000000000014";
        await Client.TransactAsync(new KvTransaction().Put($"{root}ready/{Name}", "1").Put($"{root}delayed/000000000000001/{Name}", "2").Put($"{root}delayed/000000000000002/{Name}", "3"), Token);
        await queue.SweepAsync(Token);
        var payloads = new List<string>();
        while (await queue.TryClaimAsync(Token) is { } job)
        {
            payloads.Add(job.Text);
            await job.CompleteAsync(cancellationToken: Token);
        }

        Assert.Equal(["1", "2", "3"], payloads.Order());
    }

    [Fact]
    public async Task Sweep_ByOneOfAllWorkers()
    {
        await NewQueue().EnqueueAsync("job", cancellationToken: Token);
        await using var job = (await NewQueue().TryClaimAsync(Token))!;
        var sweeps = 0;
        foreach (var queue in Enumerable.Range(0, 5).Select(_ => NewQueue()))
        {
            var before = (await Client.GetMetadataAsync($"{_prefix}a%2Fqueue/sweep", cancellationToken: Token))?.Revision;
            Assert.Null(await queue.TryClaimAsync(Token));
            sweeps += (await Client.GetMetadataAsync($"{_prefix}a%2Fqueue/sweep", cancellationToken: Token))?.Revision == before ? 0 : 1;
        }

        Assert.InRange(sweeps, 1, 2);
    }

    [Fact]
    public void Options_OutOfRange_AreRejected()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvQueueOptions { LeaseTime = TimeSpan.FromMilliseconds(999) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvQueueOptions { SweepInterval = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvQueueOptions { ClaimWindow = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvQueueOptions { ClaimWindow = 1001 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvQueueOptions { ClaimsMax = 0 });
    }

    private KvQueue NewQueue(KvQueueOptions? options = null) => new(Client, "a/queue", options ?? new KvQueueOptions { Prefix = _prefix }, _time);

    // What is left of the queue in the store, but for the entry that says when it was swept.
    private Task<List<string>> LeftAsync() =>
        Client.ListAsync($"{_prefix}a%2Fqueue/", cancellationToken: Token).Select(entry => entry.Key).Where(key => !key.EndsWith("/sweep", StringComparison.Ordinal)).ToListAsync(Token).AsTask();

    private string LeaseOf(KvJob job) => $"{_prefix}a%2Fqueue/leases/{job.Id}";

    private async Task EndLeaseAsync(KvJob job)
    {
        await job.StopRenewingAsync();
        await Client.DeleteAsync(LeaseOf(job), cancellationToken: Token);
    }
}

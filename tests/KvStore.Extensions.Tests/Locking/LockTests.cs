using System.Globalization;
using System.Threading.Channels;
using KvStore.Extensions.Locking;

namespace KvStore.Extensions.Tests;

/// <summary>Locks, semaphores and elections of clients in this process. A lease that ends is a deletion of the holder's entry, so a test that deletes it need not wait.</summary>
public sealed class LockTests(Service service)
{
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("KVSTORE_TEST_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 1000;

    private readonly string _prefix = Service.NewPrefix();

    private KvStoreClient Client => service.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lock_HeldByOne_IsFreeAfterRelease()
    {
        var locks = NewLocks();
        var first = await locks.AcquireAsync("a/name", cancellationToken: Token);
        Assert.True(first.IsHeld);
        Assert.Null(await locks.TryAcquireAsync("a/name", cancellationToken: Token));
        var holder = Assert.Single(await locks.GetHoldersAsync("a/name", Token));
        Assert.Equal((0, "me", first.FencingToken), (holder.Slot, holder.Description, holder.FencingToken));
        await using (var other = await locks.TryAcquireAsync("a", cancellationToken: Token))
            Assert.NotNull(other);

        var waiting = locks.AcquireAsync("a/name", cancellationToken: Token);
        await first.DisposeAsync();
        Assert.False(first.IsHeld);
        Assert.False(first.Lost.IsCancellationRequested);
        await using var second = await waiting.Within();
        Assert.True(second.FencingToken > first.FencingToken);
        await first.DisposeAsync();
        Assert.True(second.IsHeld);
    }

    [Fact]
    public async Task Rounds_TwoHolders_LateWritesFail()
    {
        var locks = NewLocks();
        var value = _prefix + "value";
        long last = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await using var first = (await locks.TryAcquireAsync("lock", cancellationToken: Token))!;
            await Client.TransactAsync(first.Guard(new KvTransaction().Put(value, "first")), Token);
            await Client.DeleteAsync($"{_prefix}holders/lock/0", cancellationToken: Token);

            // Its lease has ended, and it does not know yet. Alone it changes nothing that another one believes to own.
            await using var second = (await locks.TryAcquireAsync("lock", cancellationToken: Token))!;
            var late = Client.TransactAsync(first.Guard(new KvTransaction().Put(value, "late")), Token);
            await Client.TransactAsync(second.Guard(new KvTransaction().Put(value, "second")), Token);
            await Assert.ThrowsAsync<KvPreconditionFailedException>(() => late);
            Assert.Equal("second", (await Client.GetAsync(value, cancellationToken: Token))!.Text);
            Assert.True(last < first.FencingToken && first.FencingToken < second.FencingToken);
            last = second.FencingToken;
        }
    }

    [Fact]
    public async Task Contenders_ManyAtOnce_NeverOverlap()
    {
        const int Contenders = 6;
        const int Times = 15;
        var inside = 0;
        var counted = 0;
        await Task.WhenAll(Enumerable.Range(0, Contenders).Select(async _ =>
        {
            var locks = NewLocks();
            for (var i = 0; i < Times; i++)
            {
                await using var held = await locks.AcquireAsync("busy", cancellationToken: Token);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                counted++;
                Assert.Equal(0, Interlocked.Decrement(ref inside));
            }
        })).Within();
        Assert.Equal(Contenders * Times, counted);
    }

    [Fact]
    public async Task Semaphore_Permits_AreAsManyAsAsked()
    {
        const int Permits = 3;
        var locks = NewLocks();
        var held = new List<KvLockHandle>();
        for (var i = 0; i < Permits; i++)
            held.Add(await locks.AcquireAsync("s", Permits, Token));
        Assert.Equal([0, 1, 2], held.Select(permit => permit.Slot).Order());
        Assert.Null(await locks.TryAcquireAsync("s", Permits, Token));

        var waiting = Enumerable.Range(0, 2).Select(_ => locks.AcquireAsync("s", Permits, Token)).ToArray();
        Assert.False(waiting[0].IsCompleted || waiting[1].IsCompleted);
        await held[1].DisposeAsync();
        var next = await (await Task.WhenAny(waiting).Within());
        Assert.Equal(held[1].Slot, next.Slot);
        await held[0].DisposeAsync();
        foreach (var permit in await Task.WhenAll(waiting).Within())
            await permit.DisposeAsync();
        await held[2].DisposeAsync();
        Assert.Empty(await locks.GetHoldersAsync("s", Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => locks.TryAcquireAsync("s", 0, Token));
    }

    [Fact]
    public async Task Renewal_KeepsTheLockBeyondItsLease()
    {
        var time = new LeaseClock();
        var locks = NewLocks(time);
        await using var held = await locks.AcquireAsync("renewed", cancellationToken: Token);
        var key = _prefix + "holders/renewed/0";
        var before = (await Client.GetMetadataAsync(key, cancellationToken: Token))!.Revision;
        for (var i = 0; i < 6; i++)
        {
            await time.AdvanceToRenewalAsync();
            await time.RenewedAsync();
            var renewed = (await Client.GetMetadataAsync(key, cancellationToken: Token))!.Revision;
            Assert.True(renewed.Number > before.Number);
            before = renewed;
        }

        Assert.True(held.IsHeld);
        await Client.TransactAsync(held.Guard(new KvTransaction().Put(_prefix + "value", "still")), Token);
    }

    [Fact]
    public async Task Renewal_LockTakenAway_IsLost()
    {
        var time = new LeaseClock();
        await using var held = await NewLocks(time).AcquireAsync("taken", cancellationToken: Token);
        await Client.PutAsync(_prefix + "holders/taken/0", "another holder", cancellationToken: Token);
        var lost = LostAsync(held);
        await time.AdvanceToRenewalAsync();
        await lost.Within();
        Assert.False(held.IsHeld);
        await held.DisposeAsync();
        Assert.True(await Client.ExistsAsync(_prefix + "holders/taken/0", cancellationToken: Token));
    }

    // A renewal whose answer was lost: the entry has another revision, and is still this holder's.
    [Fact]
    public async Task Renewal_MadeWithoutAnAnswer_IsRecognized()
    {
        var time = new LeaseClock();
        var held = await NewLocks(time).AcquireAsync("renewed", cancellationToken: Token);
        var key = _prefix + "holders/renewed/0";
        var touched = await Client.TouchAsync(key, TimeSpan.FromSeconds(30), cancellationToken: Token);
        await time.AdvanceToRenewalAsync();
        await time.RenewedAsync();
        Assert.True(held.IsHeld);
        Assert.NotEqual(touched, (await Client.GetMetadataAsync(key, cancellationToken: Token))!.Revision);

        await Client.TouchAsync(key, TimeSpan.FromSeconds(30), cancellationToken: Token);
        await held.DisposeAsync();
        Assert.False(await Client.ExistsAsync(key, cancellationToken: Token));
    }

    // The monotonic clock of the holder jumps over the whole lease, as after a pause: it knows at once, without the store.
    [Fact]
    public async Task Clock_BeyondTheLease_IsLost()
    {
        var time = new LeaseClock();
        using var away = new KvStoreClient(service.Address, new KvStoreClientOptions { RetriesMax = 0 });
        var locks = new KvLocks(away, new KvLockOptions { Prefix = _prefix, Description = "me" }, time.Time);
        await using var held = await locks.AcquireAsync("jump", cancellationToken: Token);
        away.Dispose();
        var lost = LostAsync(held);
        await time.RenewedAsync();
        time.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.False(held.IsHeld);
        await lost.Within();
    }

    [Fact]
    public async Task Leader_OneAtATime_FollowerTakesOver()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var led = Enumerable.Range(0, 2).Select(_ => Channel.CreateUnbounded<long>()).ToArray();
        var times = led.Select(_ => new LeaseClock()).ToArray();
        var running = led.Select((channel, i) => NewLocks(times[i]).RunAsLeaderAsync("leader", async (held, leading) =>
        {
            channel.Writer.TryWrite(held.FencingToken);
            await Task.Delay(Timeout.Infinite, leading);
        }, stop.Token)).ToArray();
        var reads = led.Select(channel => channel.Reader.WaitToReadAsync(Token).AsTask()).ToArray();
        var first = Array.IndexOf(reads, await Task.WhenAny(reads).Within());
        Assert.True(led[first].Reader.TryRead(out var firstToken));
        Assert.False(led[1 - first].Reader.TryPeek(out _));

        // The lease of the first one ends in the store. The other one leads; the first one notices, and follows.
        await Client.DeleteAsync(_prefix + "holders/leader/0", cancellationToken: Token);
        Assert.True(await led[1 - first].Reader.ReadAsync(Token).AsTask().Within() > firstToken);
        await times[first].AdvanceToRenewalAsync();
        await Client.DeleteAsync(_prefix + "holders/leader/0", cancellationToken: Token);
        await times[1 - first].AdvanceToRenewalAsync();
        await Task.WhenAny(led.Select(channel => channel.Reader.WaitToReadAsync(Token).AsTask())).Within();

        await stop.CancelAsync();
        foreach (var run in running)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Within());
        Assert.Empty(await NewLocks().GetHoldersAsync("leader", Token));
    }

    [Fact]
    public async Task Acquire_Cancelled_LeavesNothing()
    {
        var locks = NewLocks();
        var held = await locks.AcquireAsync("cancelled", cancellationToken: Token);
        using var cancel = new CancellationTokenSource();
        var waiting = locks.AcquireAsync("cancelled", cancellationToken: cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Within());
        await held.DisposeAsync();
        Assert.Empty(await locks.GetHoldersAsync("cancelled", Token));
    }

    private KvLocks NewLocks(LeaseClock? time = null) => new(Client, new KvLockOptions { Prefix = _prefix, Description = "me" }, time?.Time);

    private static Task LostAsync(KvLockHandle held)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        held.Lost.Register(() => lost.TrySetResult());
        return lost.Task;
    }
}

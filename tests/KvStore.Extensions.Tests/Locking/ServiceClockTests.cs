using KvStore.Extensions.Locking;

namespace KvStore.Extensions.Tests;

/// <summary>A service whose clock jumps while locks are held (libfaketime): leases end early, which their holders cannot know, and the fence holds all the same.</summary>
[Trait("Needs", "packages")]
public sealed class ServiceClockTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clock_JumpsAhead_LateWritesFail()
    {
        using var directory = new TemporaryDirectory();
        var clock = Path.Combine(Directory.CreateDirectory(directory.New()).FullName, "clock");
        await File.WriteAllTextAsync(clock, "+0", Token);
        await using var server = await ServerProcess.Launch(["--urls", "http://127.0.0.1:0"], [("KvStore__Engine", "memory")], Through(clock)).WhenReadyAsync();
        using var client = new KvStoreClient(server.Address);
        var locks = new KvLocks(client, new KvLockOptions { LeaseTime = TimeSpan.FromHours(1) });
        await using var first = await locks.AcquireAsync("lock", cancellationToken: Token);
        await client.TransactAsync(first.Guard(new KvTransaction().Put("value", "first")), Token);

        var waiting = locks.AcquireAsync("lock", cancellationToken: Token);
        await File.WriteAllTextAsync(clock, "+2h", Token);
        await using var second = await waiting.Within();
        Assert.True(first.IsHeld);
        Assert.True(second.FencingToken > first.FencingToken);
        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => client.TransactAsync(first.Guard(new KvTransaction().Put("value", "late")), Token));
        await client.TransactAsync(second.Guard(new KvTransaction().Put("value", "second")), Token);

        // And back: the lock stays with its holder.
        await File.WriteAllTextAsync(clock, "-2h", Token);
        Assert.Null(await locks.TryAcquireAsync("lock", cancellationToken: Token));
        await client.TransactAsync(second.Guard(new KvTransaction().Put("value", "second")), Token);
    }

    private static string[] Through(string clock)
    {
        var library = Directory.EnumerateDirectories("/usr/lib").Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("libfaketime is not installed. ./test.sh installs it; without it, run the tests with --filter Needs!=packages.");
        return ["env", $"LD_PRELOAD={library}", $"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using KvStore.Client;

namespace KvStore.SystemTests;

/// <summary>What docs/recipes.md guarantees under races: clients that follow a recipe, and stall for longer than their ttl now and then.</summary>
public sealed class RecipeTests : IAsyncLifetime
{
    private const int Clients = 6;
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongerThanTtl = TimeSpan.FromSeconds(2.5);

    private readonly Random _random = Seed.NewRandom();
    private ServerProcess _server = null!;
    private KvStoreClient _store = null!;
    private int _holders;

    private enum Fate
    {
        Works,
        Stalls,
        Dies,
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync();
        _store = new KvStoreClient(_server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>Each holder reads a number, stalls now and then, and writes the next one under the lock: no successful write is lost.</summary>
    [Fact]
    public async Task Lock_HolderStalls_LosesNoWrite()
    {
        const int WritesWanted = 25;
        var writes = new ConcurrentBag<(long Token, int Number)>();
        var rejected = 0;

        await RunClientsAsync(async () =>
        {
            while (writes.Count < WritesWanted)
            {
                if (await TryCreateAsync("lock/report") is not { } token)
                    continue;
                var number = await ReadNumberAsync("report") + 1;
                if (NextFate() == Fate.Stalls)
                    await Task.Delay(LongerThanTtl, Token);
                if (await TryAsync(new KvTransaction().IfRevision("lock/report", token).Put("report", Text(number)).Delete("lock/report")))
                    writes.Add((token.Number, number));
                else
                    Interlocked.Increment(ref rejected);
            }
        });

        Assert.Equal(writes.Count, await ReadNumberAsync("report"));
        Assert.Equal(Enumerable.Range(1, writes.Count), writes.OrderBy(write => write.Token).Select(write => write.Number));
        Assert.True(rejected > 0, "No holder was late: the race did not happen.");
    }

    /// <summary>Some workers die with their claim and some finish after it has expired: each job is finished, and only once.</summary>
    [Fact]
    public async Task WorkQueue_WorkersDieOrStall_FinishesEachJobOnce()
    {
        const int Jobs = 40;
        for (var job = 0; job < Jobs; job++)
            await _store.AppendAsync("mail/job/", "receipt"u8.ToArray(), cancellationToken: Token);
        var finished = new ConcurrentBag<string>();
        var late = 0;

        await RunClientsAsync(async () =>
        {
            while (finished.Count < Jobs)
            {
                var entries = await _store.ListAsync("mail/", cancellationToken: Token).ToListAsync(Token);
                var claimed = entries.Where(entry => entry.Key.StartsWith("mail/claim/", StringComparison.Ordinal)).Select(Id).ToHashSet();
                var free = entries.Where(entry => entry.Key.StartsWith("mail/job/", StringComparison.Ordinal) && !claimed.Contains(Id(entry))).Take(Clients).ToArray();
                if (free.Length == 0)
                    await Task.Delay(20, Token);
                if (free.Length == 0 || await TryClaimAsync(free[Next(free.Length)]) is not var (id, claim))
                    continue;
                var fate = NextFate();
                if (fate == Fate.Dies)
                    continue;
                if (fate == Fate.Stalls)
                    await Task.Delay(LongerThanTtl, Token);
                if (await TryAsync(new KvTransaction().IfRevision($"mail/claim/{id}", claim).Delete($"mail/job/{id}").Delete($"mail/claim/{id}")))
                    finished.Add(id);
                else
                    Interlocked.Increment(ref late);
            }
        });

        Assert.Equal(Jobs, finished.Distinct().Count());
        Assert.Equal(Jobs, finished.Count);
        Assert.Equal(0, await _store.CountAsync("mail/", cancellationToken: Token));
        Assert.True(late > 0, "No worker was late: the race did not happen.");
    }

    /// <summary>The source changes while clients fill the cache from it: no read returns a value from before an answered invalidation.</summary>
    [Fact]
    public async Task Cache_SourceChanges_IsNeverStaleAfterInvalidation()
    {
        const int Changes = 150;
        int source = 0, invalidatedThrough = 0, hits = 0, stale = 0;
        var fills = new ConcurrentBag<bool>();

        var readers = RunClientsAsync(async () =>
        {
            while (Volatile.Read(ref invalidatedThrough) < Changes)
            {
                var floor = Volatile.Read(ref invalidatedThrough);
                if (await _store.GetAsync("cache/home", cancellationToken: Token) is { } hit)
                {
                    Interlocked.Increment(ref hits);
                    if (Number(hit) < floor)
                        Interlocked.Increment(ref stale);
                }
                else if (await TryCreateAsync("cache-lease/home") is { } lease)
                {
                    var value = Text(Volatile.Read(ref source));
                    await Task.Delay(Next(5), Token);
                    fills.Add(await TryAsync(new KvTransaction().IfRevision("cache-lease/home", lease).Put("cache/home", value).Delete("cache-lease/home")));
                }
            }
        });
        for (var change = 1; change <= Changes; change++)
        {
            Volatile.Write(ref source, change);
            await _store.TransactAsync(new KvTransaction().Delete("cache/home").Delete("cache-lease/home"), Token);
            Volatile.Write(ref invalidatedThrough, change);
            await Task.Delay(Next(10), Token);
        }

        await readers;

        Assert.Equal(0, stale);
        Assert.True(hits > 0 && fills.Contains(true) && fills.Contains(false), $"{hits} hits, {fills.Count} fills: the race did not happen.");
    }

    private static Task RunClientsAsync(Func<Task> client) => Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(client, Token)));

    private static string Id(KvEntry entry) => entry.Key[(entry.Key.LastIndexOf('/') + 1)..];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(KvEntry entry) => int.Parse(entry.Text, CultureInfo.InvariantCulture);

    private async Task<int> ReadNumberAsync(string key) => await _store.GetAsync(key, cancellationToken: Token) is { } entry ? Number(entry) : 0;

    private async Task<(string Id, KvRevision Claim)?> TryClaimAsync(KvEntry job)
    {
        var claim = new KvTransaction().IfAbsent($"mail/claim/{Id(job)}").IfRevision(job.Key, job.Revision).Put($"mail/claim/{Id(job)}", "", Ttl);
        try
        {
            return (Id(job), (await _store.TransactAsync(claim, Token)).Revision);
        }
        catch (KvPreconditionFailedException)
        {
            return null;
        }
    }

    private async Task<KvRevision?> TryCreateAsync(string key)
    {
        try
        {
            return (await _store.PutAsync(key, "", new KvWriteOptions { IfAbsent = true, TimeToLive = Ttl }, Token)).Revision;
        }
        catch (KvPreconditionFailedException)
        {
            await Task.Delay(Next(20), Token);
            return null;
        }
    }

    private async Task<bool> TryAsync(KvTransaction transaction)
    {
        try
        {
            await _store.TransactAsync(transaction, Token);
            return true;
        }
        catch (KvPreconditionFailedException)
        {
            return false;
        }
    }

    /// <summary>One holder in ten stalls and one dies, so that each run has both.</summary>
    private Fate NextFate() => (Interlocked.Increment(ref _holders) % 10) switch { 3 => Fate.Stalls, 7 => Fate.Dies, _ => Fate.Works };

    private int Next(int max)
    {
        lock (_random)
            return _random.Next(max);
    }
}

namespace KvStore.Tests;

/// <summary>Random writers, and watchers that come, go, and read slowly, while the history is short or long.</summary>
public class WatchModelTests
{
    private const int Keys = 24, Writers = 4, OperationsPerWriter = 250, Stayers = 70, Visitors = 6, VisitsPerVisitor = 30;

    private static readonly string[] Prefixes = ["", "a", "a/", "a/2", "b/", "b/2", "unused/"];

    [Theory]
    [InlineData(60, false)]
    [InlineData(600, false)]
    [InlineData(1_000_000, false)]
    [InlineData(60, true)]
    [InlineData(1_000_000, true)]
    public async Task Watch_RandomWritersAndWatchers_EqualsCommitsOrIsGone(int historyCommitsMax, bool isShared)
    {
        var (seen, gone) = (0, 0);
        await Seed.ForEachAsync(8, async seed =>
        {
            foreach (var life in await RunAsync(seed, historyCommitsMax, isShared))
            {
                seen += life.Seen;
                gone += life.IsGone ? 1 : 0;
            }
        });

        TestContext.Current.TestOutputHelper?.WriteLine($"{seen} commits were handed over, {gone} watchers were gone.");
        Assert.True(seen > 1_000);
        Assert.Equal(historyCommitsMax < 1_000, gone > 0);
    }

    private static async Task<List<WatchLife>> RunAsync(int seed, int historyCommitsMax, bool isShared)
    {
        var random = new Random(seed);
        var log = new FakeCommitLog(isShared ? new SharingLog(TimeProvider.System) : new MemoryCommitLog(TimeProvider.System));
        await using var store = await Stores.StartAsync(log, new StoreOptions
        {
            HistoryCommitsMax = historyCommitsMax,
            BatchOperationsMax = 1 + random.Next(20),
            WatchRestMax = TimeSpan.FromMilliseconds(random.Next(3)),
        });

        var first = store.Latest.Revision;
        var begun = 0;
        var lives = new List<WatchLife>();
        var watching = new List<Task>();
        for (var i = 0; i < Stayers; i++)
            watching.Add(LiveAsync(random.Next(), 1, null));
        for (var i = 0; i < Visitors; i++)
            watching.Add(LiveAsync(random.Next(), VisitsPerVisitor, 20));
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteAsync(store, new Random(random.Next()), isShared))).Within();

        // One that begins after the last commit would wait for it for ever.
        await Soon.UntilAsync(() => Volatile.Read(ref begun) >= Stayers + Visitors);
        await WriteLastAsync(store);
        await Task.WhenAll(watching).Within();

        foreach (var life in lives)
            life.Check(log.Commits);
        Assert.Equal(0, store.Watchers);
        return lives;

        Task LiveAsync(int own, int times, int? readsMax) => Task.Run(async () =>
        {
            var choice = new Random(own);
            for (var i = 0; i < times; i++)
            {
                var life = new WatchLife(RandomFilter(choice, isStaying: readsMax is null), RandomPosition(choice, store, first));
                lock (lives)
                    lives.Add(life);
                if (i == 0)
                    Interlocked.Increment(ref begun);
                await life.LiveAsync(store, choice, readsMax is { } max ? 1 + choice.Next(max) : null);
            }
        });
    }

    private static WatchFilter RandomFilter(Random random, bool isStaying) => random.Next(2) == 0
        ? WatchFilter.OfKey(RandomKey(random))
        : WatchFilter.OfPrefix(Some.Bytes(Prefixes[random.Next(Prefixes.Length - (isStaying ? 1 : 0))]));

    private static long RandomPosition(Random random, Store store, long first)
    {
        var latest = store.Latest.Revision;
        return random.Next(4) switch
        {
            0 => Math.Max(first, latest - random.Next(100)),
            1 => latest + random.Next(30),
            2 => store.OldestRevision,
            _ => latest,
        };
    }

    private static async Task WriteAsync(Store store, Random random, bool isShared)
    {
        for (var i = 0; i < OperationsPerWriter; i++)
        {
            var transaction = random.Next(8) switch
            {
                0 => Some.Transaction(new Delete(RandomKey(random))),
                1 when !isShared => Some.Transaction(new DeletePrefix(Some.Bytes(Prefixes[random.Next(2, 6)]), 100) { ChangesMax = random.Next(6) }),
                2 when !isShared => WithRecord(Some.Transaction(RandomPut(random)), random),
                3 => Some.Transaction([.. Enumerable.Range(0, 4).Select(_ => RandomPut(random)).DistinctBy(put => put.Key)]),
                _ => Some.Transaction(RandomPut(random)),
            };
            Assert.IsType<Outcome.Committed>(await store.SubmitAsync(transaction));
        }
    }

    private static Transaction WithRecord(Transaction transaction, Random random) => new(transaction.Guards, transaction.Operations)
    {
        Idempotency = new Idempotency(Guid.NewGuid().ToByteArray(), new byte[1], TimeSpan.FromMilliseconds(random.Next(1, 2_000)), 1000),
    };

    // Of all keys, and after every position that a watcher may have begun at.
    private static async Task WriteLastAsync(Store store)
    {
        for (var i = 0; i < 40; i++)
            await store.CommitAsync(Some.Put("c/between"));
        await store.CommitAsync([.. Enumerable.Range(0, Keys).Select(i => Some.Put(Name(i), WatchLife.LastValue))]);
    }

    private static Put RandomPut(Random random) => Some.Put(Name(random.Next(Keys)), random.Next(12) == 0 ? new string('v', random.Next(40 << 10)) : $"{random.Next()}");

    private static Key RandomKey(Random random) => Some.Key(Name(random.Next(Keys)));

    private static string Name(int number) => $"{(number % 2 == 0 ? 'a' : 'b')}/{number}";
}

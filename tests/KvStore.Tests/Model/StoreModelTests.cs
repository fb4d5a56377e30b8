namespace KvStore.Tests;

public class StoreModelTests
{
    [Fact]
    public Task RandomSequences_MemoryLog_EqualModel() => RunAsync(3_000, 0, time => new MemoryCommitLog(time));

    [Fact]
    public Task RandomSequences_SharingLog_EqualModel() => RunAsync(1_000, 100, time => new SharingLog(time));

    private static Task RunAsync(int sequences, long firstRevision, Func<TimeProvider, ICommitLog> log) =>
        Seed.ForEachAsync(sequences, async seed =>
        {
            var random = new Random(seed);
            var time = new FakeTimeProvider();
            var options = RandomOptions(random);
            await using var store = await Stores.StartAsync(log(time), options, time);
            var driver = new StoreDriver(store, new StoreModel(options, time, firstRevision), time, random);
            for (var steps = random.Next(1, 40); steps > 0; steps--)
                await driver.StepAsync();
            driver.CheckEnd();
        });

    // Tight limits, so that much is forgotten and batches are small; generous ones too, so that much is remembered.
    private static StoreOptions RandomOptions(Random random)
    {
        return new StoreOptions
        {
            BatchOperationsMax = random.Next(1, 6),
            HistoryCommitsMax = Limit(20),
            HistoryBytesMax = Limit(1000),
            HistoryAgeMax = TimeSpan.FromMilliseconds(Limit(10_000)),
            ExpiryInterval = TimeSpan.FromHours(1),
            KeptSnapshotsMax = Limit(4),
            KeptSnapshotAgeMax = TimeSpan.FromMilliseconds(Limit(10_000)),
        };

        int Limit(int tight) => random.Next(2) == 0 ? random.Next(tight) : 1_000_000;
    }
}

namespace KvStore.Mergeable.Tests;

public class HistoryTests
{
    private static readonly int Histories = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 2_000 : 40;

    [Fact]
    public Task Merge_RandomHistories_LoseAndDoubleNothing() => Seed.ForEachAsync(Histories, async seed =>
    {
        await using var history = await History.BeginAsync(seed);
        await history.RunAsync(120);
    });
}

namespace KvStore.Storage.Tests;

/// <summary>Nothing that was acknowledged is lost by a power cut at any operation, and nothing comes back by halves.</summary>
public sealed class PowerLossTests
{
    private const int Lives = 6_000;

    [Fact]
    public Task Follow_AfterPowerCuts_HasAcknowledgedWholeCommits() =>
        // On both processors, outside of the test's scheduler: a life continues on its log's thread.
        Task.WhenAll(Enumerable.Range(0, 2).Select(part => Task.Run(() => Seed.ForEachAsync(Lives / 2, LiveAsync))));

    private static async Task LiveAsync(int seed)
    {
        await using var life = new LogLife(seed);
        await life.RunAsync();
    }
}

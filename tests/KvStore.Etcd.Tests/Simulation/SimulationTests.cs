using System.Diagnostics;

namespace KvStore.Etcd.Tests;

/// <summary>Any number of replicas are one linearizable store, whatever happens between them and etcd.</summary>
public sealed class SimulationTests
{
    // KVSTORE_TEST_LONG=1 runs many more.
    private static readonly int Seeds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 5000 : 200;

    // Each seed found a mistake once: a writer that did not wait for a manifest that was late, parts of a record that was to come and were not listed,
    // an image from an old answer, a part of an earlier record that came late, a wait for less than a millisecond.
    [Theory]
    [InlineData(879744398)]
    [InlineData(488058044)]
    [InlineData(1728234489)]
    [InlineData(2006806953)]
    [InlineData(1077267754)]
    public Task Replicas_SeedThatFailedOnce_AreOneLinearizableStore(int seed) => Simulation.RunAsync(seed);

    [Fact]
    public async Task Replicas_AnyFaults_AreOneLinearizableStore()
    {
        var start = Stopwatch.GetTimestamp();
        var (operations, unanswered, checkpoints) = (0, 0, 0);
        await Seed.ForEachAsync(Seeds, async seed =>
        {
            var run = await Simulation.RunAsync(seed);
            operations += run.Operations;
            unanswered += run.Unanswered;
            checkpoints += run.Checkpoints;
        });
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{operations} operations, {unanswered} without an answer, {checkpoints} checkpoints; {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
    }
}

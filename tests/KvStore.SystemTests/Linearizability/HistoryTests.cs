using System.Diagnostics;
using KvStore.SystemTests.Harness;

namespace KvStore.SystemTests.Linearizability;

/// <summary>The promise of the service, on what clients really saw: every history is linearizable.</summary>
public sealed class HistoryTests
{
    private const int Histories = 250;
    private const int ConfigurationsMax = 300_000;

    [Theory]
    [InlineData("memory")]
    public async Task Histories_OfManyClientsOverHttp_AreLinearizable(string engine)
    {
        var random = Seeds.NewRandom();
        await using var server = await ServerProcess.StartAsync(("Engine", engine));
        var (operations, lost) = (0, 0);
        var checking = TimeSpan.Zero;
        for (var i = 0; i < Histories; i++)
        {
            var history = await Recorder.RecordAsync(server.Address, $"history-{i}/", new Random(random.Next()));
            var start = Stopwatch.GetTimestamp();
            if ((Violation.Find(history, ConfigurationsMax) ?? RevisionOrder.FindBackward(history)) is { } wrong)
                Assert.Fail($"History {i} of engine {engine}; the seed is printed below. {wrong}");
            checking += Stopwatch.GetElapsedTime(start);
            operations += history.Count;
            lost += history.Count(operation => operation.IsLost);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Histories} histories of {operations} operations, {lost} of them lost; checked in {checking.TotalSeconds:F1} s");
        Assert.NotEqual(0, lost);
    }
}

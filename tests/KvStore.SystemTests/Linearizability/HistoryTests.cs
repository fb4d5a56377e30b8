using System.Diagnostics;
using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>The promise of the service, on what clients really saw: every history is linearizable.</summary>
public sealed class HistoryTests
{
    // A service that has just started is slow, which makes races wide; so it is started several times.
    private const int Starts = 4;
    private const int HistoriesPerStart = 30;
    private const int ConfigurationsMax = 300_000;

    /// <param name="engine">What keeps the entries.</param>
    /// <param name="processors">
    /// How many processors .NET is to assume; 0 for the real number. With more than there are it uses more threads than can run, and the
    /// system takes the processor away from them between any two instructions: what is a matter of microseconds otherwise is one of milliseconds then.
    /// </param>
    [Theory]
    [InlineData("memory", 0)]
    [InlineData("memory", 16)]
    [InlineData("disk", 0)]
    [InlineData("disk", 16)]
    public async Task Histories_ManyClients_AreLinearizable(string engine, int processors)
    {
        var random = Seed.NewRandom();
        (string, string)[] processorSetting = processors == 0 ? [] : [("DOTNET_PROCESSOR_COUNT", processors.ToString(CultureInfo.InvariantCulture))];
        var (operations, lost, committed, refused) = (0, 0, 0, 0);
        var checking = TimeSpan.Zero;
        for (var start = 0; start < Starts; start++)
        {
            await using var server = await ServerProcess.StartAsync([("Engine", engine), .. processorSetting]);
            for (var i = 0; i < HistoriesPerStart; i++)
            {
                var history = await Recorder.RecordAsync(server.Address, $"history-{i}/", new Random(random.Next()));
                var began = Stopwatch.GetTimestamp();
                if ((Violation.Find(history, ConfigurationsMax) ?? RevisionOrder.FindBackward(history)) is { } wrong)
                    Assert.Fail($"History {i} after start {start}, with the seed that is printed. {wrong}");
                checking += Stopwatch.GetElapsedTime(began);
                operations += history.Count;
                lost += history.Count(operation => operation.IsLost);
                committed += history.Count(operation => operation is { Call: Transaction { IsRead: false }, Answer.Status: 200 });
                refused += history.Count(operation => operation is { Call: Transaction, Answer.Status: 412 });
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Starts * HistoriesPerStart} histories of {operations} operations, {lost} of them lost, {committed} transactions carried out, {refused} refused; checked in {checking.TotalSeconds:F1} s");
        Assert.DoesNotContain(0, new[] { lost, committed, refused });
    }
}

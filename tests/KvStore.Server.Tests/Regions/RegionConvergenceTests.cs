using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>
/// Three regions whose links are cut at random, whose stores are restarted, and whose clocks are wrong, while clients change the same values in all of them: after healing all
/// have the same, and nothing that was acknowledged is missing. KVSTORE_TEST_LONG=1 runs a thousand rounds.
/// </summary>
public sealed class RegionConvergenceTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 500 : 10;

    // A start takes longer than a round.
    private const int RoundsPerRestart = 4;

    [Theory]
    [InlineData("ring")]
    [InlineData("star")]
    public async Task Rounds_CutsRestartsAndSkew_ConvergeWithEveryAcknowledgedChange(string shape)
    {
        (int, int)[] links = shape == "ring" ? [(0, 1), (1, 2), (2, 0)] : [(1, 0), (2, 0), (0, 2)];
        await using var group = await RegionGroup.StartAsync(3, links, isDurable: true);
        var round = 0;
        await Seed.ForEachAsync(Rounds, async seed => await RunAsync(group, new Random(seed), string.Create(CultureInfo.InvariantCulture, $"{shape}{round++}-"), isWithRestart: round % RoundsPerRestart == 0));
    }

    private static async Task RunAsync(RegionGroup group, Random random, string prefix, bool isWithRestart)
    {
        var history = new RegionHistory(group, prefix);
        await history.CreateAsync(random);
        using var over = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => history.ChangeAsync(new Random(random.Next()), over.Token)).ToArray();
        var editors = Enumerable.Range(0, 2).Select(_ => new RegionEditor(group, history, new Random(random.Next()))).ToArray();
        var editing = editors.Select(editor => editor.EditAsync(over.Token)).ToArray();
        var readers = Enumerable.Range(0, group.Count).Select(index => history.ReadAsync(index, over.Token)).ToArray();
        for (var step = 0; step < 6; step++)
        {
            foreach (var link in group.Links)
            {
                if (random.Next(2) == 0)
                    link.Cut();
                else
                    link.Heal();
            }

            if (isWithRestart && step == 2)
                await group.RestartAsync(random.Next(group.Count));
            await Task.Delay(random.Next(5, 40), TestContext.Current.CancellationToken);
        }

        await over.CancelAsync();
        await Task.WhenAll([.. clients, .. editing, .. readers]);
        foreach (var link in group.Links)
            link.Heal();
        foreach (var editor in editors)
            await editor.FinishAsync();
        await group.EqualAsync([.. history.Keys]);
        await history.CheckAsync();
    }
}

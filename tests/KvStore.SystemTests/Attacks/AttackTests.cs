using KvStore.Fuzz;

namespace KvStore.SystemTests;

/// <summary>
/// Attacks on a service with a heap of 1.5 GiB and default settings: it does not end, never answers 500, and stays within its memory,
/// while a well-behaved client goes on. How long that client waits is printed and not asserted: a busy build server would decide it.
/// </summary>
public sealed class AttackTests
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Names => [.. AttackRun.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Attack_SmallHeap_IsSurvived(string name)
    {
        var attack = AttackRun.All.Single(attack => attack.Name == name);
        var result = await AttackRun.RunAsync(attack, Repository.Server, Time);
        TestContext.Current.TestOutputHelper?.WriteLine($"{AttackResult.Header}\n{result.ToRow()}");
        Assert.Null(result.Fault);
        Assert.True(result.Statuses.GetValueOrDefault(200) > 0, "The well-behaved client was never answered.");
    }
}

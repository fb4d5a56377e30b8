namespace KvStore.Origins.Tests;

/// <summary>
/// Every order of the steps of loads, of writes that go through, and of what may happen meanwhile, in stepped time. A read is answered by what is known of the key, or by the origin; so reads
/// never go back if what is known is always what the origin has.
/// </summary>
public sealed class ThroughInterleavingTests
{
    private static readonly ThroughHappening[] InMemory = [.. Enum.GetValues<ThroughHappening>().Except([ThroughHappening.Nothing, ThroughHappening.Restart])];

    public static TheoryData<Fate, bool> Writes => [.. Enum.GetValues<Fate>().SelectMany(fate => new TheoryDataRow<Fate, bool>[] { new(fate, false), new(fate, true) })];

    public static TheoryData<Fate, Fate> Pairs =>
        [.. Enum.GetValues<Fate>().SelectMany(one => new TheoryDataRow<Fate, Fate>[] { new(one, Fate.Written), new(one, Fate.LostUnknown) })];

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_ALoadAndAHappening_InMemory(Fate fate, bool isDeletion)
    {
        foreach (var happening in InMemory)
            await RunAsync(happening, isOnDisk: false, loads: 1, (isDeletion, fate));
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_AndARestart_OnDisk(Fate fate, bool isDeletion) => await RunAsync(ThroughHappening.Restart, isOnDisk: true, loads: 0, (isDeletion, fate));

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task TwoWrites_AndAHappening_InMemory(Fate one, Fate other)
    {
        foreach (var happening in InMemory)
            await RunAsync(happening, isOnDisk: false, loads: 0, (false, one), (true, other));
    }

    [Theory]
    [InlineData(Fate.Written)]
    [InlineData(Fate.LostUnknown)]
    public async Task Write_AndTwoLoads_InMemory(Fate fate) => await RunAsync(ThroughHappening.Nothing, isOnDisk: false, loads: 2, (false, fate));

    private static async Task RunAsync(ThroughHappening happening, bool isOnDisk, int loads, params (bool IsDeletion, Fate Fate)[] writers)
    {
        var violations = new List<string>();
        var count = 0;
        int[] lengths = [.. Enumerable.Repeat(ThroughInterleaving.LoadSteps, loads), .. writers.Select(_ => ThroughInterleaving.WriteSteps), happening == ThroughHappening.Nothing ? 0 : 1];
        foreach (var order in Interleaving.Orders(lengths))
        {
            count++;
            await using var world = new OriginWorld(OriginWorld.Options(OriginWrites.Through), isOnDisk);
            await world.StartAsync();
            await world.LoadAsync("before");
            using var interleaving = new ThroughInterleaving(world);
            for (var load = 0; load < loads; load++)
                interleaving.AddLoad();
            foreach (var (isDeletion, fate) in writers)
                interleaving.AddWriter(isDeletion, fate);
            if (await FindViolationAsync(interleaving, order, loads, writers.Length, happening) is { } violation)
                violations.Add($"{happening}, {string.Join(' ', writers)}, {string.Join(' ', order)}: {violation}");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{count} orders, {violations.Count} violations");
        Assert.Empty(violations);
    }

    private static async Task<string?> FindViolationAsync(ThroughInterleaving interleaving, int[] order, int loads, int writers, ThroughHappening happening)
    {
        for (var i = 0; i < order.Length; i++)
        {
            string? wrong = null;
            if (order[i] < loads)
                await interleaving.LoadAsync(order[i]);
            else if (order[i] < loads + writers)
                wrong = await interleaving.WriteAsync(order[i] - loads);
            else
                await interleaving.HappenAsync(happening);

            // A reader after each step, unless the loads are those of the order.
            if (loads == 0)
                await interleaving.ReadAsync();
            if ((wrong ?? interleaving.FindViolation()) is { } violation)
                return $"after step {i}, {violation}";
        }

        return await interleaving.FindFinalViolationAsync();
    }
}

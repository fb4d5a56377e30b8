namespace KvStore.Origins.Tests;

/// <summary>
/// Every order of the steps of a load and of what may happen meanwhile, in stepped time: a load that is older than a change never wins, and one that nothing stands against is stored.
/// </summary>
public sealed class InterleavingTests
{
    private static readonly Happening[] All = Enum.GetValues<Happening>();

    /// <summary>What the key is before: without anything, loaded, written, or written with an expiry.</summary>
    public static TheoryData<string> Beginnings => ["absent", "loaded", "written", "expiring"];

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task Load_AndTwoHappenings_InMemory(string beginning) =>
        Assert.Empty(await FindViolationsAsync(beginning, isOnDisk: false, PlantedBug.None, Pairs(All.Except([Happening.Restart])), loads: 1));

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task TwoLoads_AndAHappening_InMemory(string beginning) =>
        Assert.Empty(await FindViolationsAsync(beginning, isOnDisk: false, PlantedBug.None, All.Except([Happening.Restart]).Select(one => new[] { one }), loads: 2));

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task Load_AHappeningAndARestart_OnDisk(string beginning) =>
        Assert.Empty(await FindViolationsAsync(
            beginning, isOnDisk: true, PlantedBug.None, All.SelectMany(one => new Happening[][] { [one, Happening.Restart], [Happening.Restart, one] }), loads: 1));

    [Theory]
    [InlineData(PlantedBug.GuardsAbsenceAlone)]
    [InlineData(PlantedBug.ReadsEpochLate)]
    [InlineData(PlantedBug.ReadsSidecarLate)]
    public async Task Load_WithAPlantedBug_IsCaught(PlantedBug bug)
    {
        var violations = await FindViolationsAsync("absent", isOnDisk: false, bug, Pairs(All.Except([Happening.Restart])), loads: 1);
        TestContext.Current.TestOutputHelper!.WriteLine($"{violations.Count} violations, the first: {violations.FirstOrDefault()}");
        Assert.Contains(violations, violation => violation.Contains("although a", StringComparison.Ordinal));
    }

    private static IEnumerable<Happening[]> Pairs(IEnumerable<Happening> all) => all.SelectMany(one => all.Select(other => new[] { one, other }));

    private static async Task<List<string>> FindViolationsAsync(string beginning, bool isOnDisk, PlantedBug bug, IEnumerable<Happening[]> happenings, int loads)
    {
        var violations = new List<string>();
        foreach (var sequence in happenings)
        {
            foreach (var order in Interleaving.Orders([.. Enumerable.Repeat(Interleaving.LoadSteps, loads), sequence.Length]))
            {
                await using var world = new OriginWorld(OriginWorld.Options(), isOnDisk);
                await world.StartAsync();
                if (beginning == "loaded")
                    await world.LoadAsync("before");
                else if (beginning == "written")
                    await world.SubmitAsync(Some.Transaction(Some.Put("rates/k", "before")));
                else if (beginning == "expiring")
                    await world.MoveInAsync("rates/k", world.Time.GetUtcNow().AddSeconds(1));
                var interleaving = new Interleaving(world, bug);
                var happened = 0;
                foreach (var actor in order)
                    await (actor == loads ? interleaving.HappenAsync(sequence[happened++]) : interleaving.StepAsync(actor));
                if (interleaving.FindViolation() is { } violation)
                    violations.Add($"{string.Join(' ', order)}: {violation}");
            }
        }

        return violations;
    }
}

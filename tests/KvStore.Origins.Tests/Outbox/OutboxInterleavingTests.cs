namespace KvStore.Origins.Tests;

/// <summary>
/// Every order of the steps of deliveries and of what may happen meanwhile, in stepped time: the origin never gets something older after something newer, nothing that was
/// acknowledged is lost, and what is fresh in the end is what the origin has.
/// </summary>
public sealed class OutboxInterleavingTests
{
    private static readonly OutboxHappening[] InMemory = [.. Enum.GetValues<OutboxHappening>().Where(one => one != OutboxHappening.Restart)];

    private static readonly OutboxHappening[] Crashing = [OutboxHappening.Put, OutboxHappening.Delete, OutboxHappening.OriginChanges, OutboxHappening.Load, OutboxHappening.IsParked];

    [Fact]
    public async Task Delivery_AndTwoHappenings() =>
        Assert.Empty(await FindViolationsAsync(isOnDisk: false, OutboxBug.None, Pairs(InMemory), deliveries: [1]));

    [Fact]
    public async Task TwoDeliveries_AndTwoHappenings() =>
        Assert.Empty(await FindViolationsAsync(isOnDisk: false, OutboxBug.None, Pairs([OutboxHappening.Put, OutboxHappening.Delete, OutboxHappening.Load, OutboxHappening.OriginChanges]), deliveries: [2]));

    [Fact]
    public async Task Delivery_AHappeningAndACrash_OnDisk() =>
        Assert.Empty(await FindViolationsAsync(
            isOnDisk: true, OutboxBug.None, Crashing.SelectMany(one => new OutboxHappening[][] { [one, OutboxHappening.Restart], [OutboxHappening.Restart, one] }), deliveries: [1]));

    [Theory]
    [InlineData(OutboxBug.RemovesAnyMark, "not marked", OutboxHappening.Put)]
    [InlineData(OutboxBug.MarksLater, "not marked", OutboxHappening.Put, OutboxHappening.Restart)]
    [InlineData(OutboxBug.EvictsDirtyEntries, "is shown instead", OutboxHappening.SidecarExpires)]
    [InlineData(OutboxBug.LeavesParked, "for ever", OutboxHappening.IsParked, OutboxHappening.Put)]
    [InlineData(OutboxBug.DeliversTwiceAtOnce, "after", OutboxHappening.Put)]
    [InlineData(OutboxBug.IgnoresInvalidation, "is fresh, and the origin has", OutboxHappening.OriginChanges)]
    [InlineData(OutboxBug.LoadsDirtyKeys, "is shown instead", OutboxHappening.Load)]
    public async Task Delivery_WithAPlantedBug_IsCaught(OutboxBug bug, string problem, params OutboxHappening[] happenings)
    {
        var violations = await FindViolationsAsync(bug == OutboxBug.MarksLater, bug, [happenings], deliveries: bug == OutboxBug.DeliversTwiceAtOnce ? [1, 1] : [1]);
        TestContext.Current.TestOutputHelper!.WriteLine($"{violations.Count} violations, the first: {violations.FirstOrDefault()}");
        Assert.Contains(violations, violation => violation.Contains(problem, StringComparison.Ordinal));
        Assert.Empty(await FindViolationsAsync(bug == OutboxBug.MarksLater, OutboxBug.None, [happenings], deliveries: [1]));
    }

    private static IEnumerable<OutboxHappening[]> Pairs(OutboxHappening[] all) => all.SelectMany(one => all.Select(other => new[] { one, other }));

    private static async Task<List<string>> FindViolationsAsync(bool isOnDisk, OutboxBug bug, IEnumerable<OutboxHappening[]> happenings, int[] deliveries)
    {
        var violations = new List<string>();
        foreach (var sequence in happenings)
        {
            foreach (var order in Interleaving.Orders([.. deliveries.Select(count => count * OutboxInterleaving.DeliverySteps), sequence.Length]))
            {
                await using var world = new OriginWorld(OriginWorld.Options(OriginWrites.Behind), isOnDisk);
                await world.StartAsync();
                await world.LoadAsync("before");
                var interleaving = new OutboxInterleaving(world, bug);
                await interleaving.HappenAsync(OutboxHappening.Put);
                var happened = 0;
                foreach (var actor in order)
                    await (actor == deliveries.Length ? interleaving.HappenAsync(sequence[happened++]) : interleaving.StepAsync(actor));
                await interleaving.EndAsync();
                if (interleaving.Violation is { } violation)
                    violations.Add(violation);
            }
        }

        return violations;
    }
}

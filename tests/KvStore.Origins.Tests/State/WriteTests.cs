namespace KvStore.Origins.Tests;

/// <summary>What every way to write does below the prefix of an origin.</summary>
public sealed class WriteTests
{
    private static readonly Dictionary<string, Func<Operation>> Touching = new()
    {
        ["put"] = () => Some.Put("rates/k"),
        ["delete"] = () => Some.Delete("rates/k"),
        ["move from"] = () => new Move(Some.Key("rates/k"), Some.Key("elsewhere")),
        ["move to"] = () => new Move(Some.Key("elsewhere"), Some.Key("rates/k")),
        ["increment"] = () => new Increment(Some.Key("rates/k"), 1),
        ["patch"] = () => MergePatch.TryCreate(Some.Key("rates/k"), Some.Bytes("{}"), 100, ExpiryUpdate.Unchanged)!,
        ["append below"] = () => new Append(Some.Key("rates/q/"), default, ""),
        ["delete the prefix"] = () => new DeletePrefix("rates/"u8, 100),
        ["delete a longer prefix"] = () => new DeletePrefix("rates/k"u8, 100),
        ["delete a shorter prefix"] = () => new DeletePrefix("r"u8, 100),
    };

    private static readonly Dictionary<string, Func<Operation>> Passing = new()
    {
        ["get"] = () => new Get(Some.Key("rates/k")),
        ["put elsewhere"] = () => Some.Put("rates"),
        ["append elsewhere"] = () => new Append(Some.Key("ra"), default, ""),
        ["delete another prefix"] = () => new DeletePrefix("rates0"u8, 100),
    };

    public static TheoryData<string> TouchingNames => [.. Touching.Keys];

    public static TheoryData<string> PassingNames => [.. Passing.Keys];

    [Theory]
    [MemberData(nameof(TouchingNames))]
    public async Task Refuse_EveryWay_IsRejected(string way)
    {
        await using var world = new OriginWorld(OriginWorld.Options(OriginWrites.Refuse));
        await world.StartAsync();
        var rejected = Assert.IsType<Outcome.Rejected>(await world.SubmitAsync(Some.Transaction(Some.Put("other"), Touching[way]() is { IsExclusive: false } operation ? operation : Some.Put("rates/k"))));
        Assert.Equal(RejectionReason.OriginRefusesWrites, rejected.Reason);
        Assert.Equal(RejectionReason.OriginRefusesWrites, Assert.IsType<Outcome.Rejected>(await world.SubmitAsync(Some.Transaction(Touching[way]()))).Reason);
        Assert.Equal(0, world.Store.Latest.Revision);
    }

    [Theory]
    [MemberData(nameof(TouchingNames))]
    public async Task Local_EveryWay_VoidsLoadsInProgress(string way)
    {
        await using var world = new OriginWorld(OriginWorld.Options());
        await world.StartAsync();
        await world.SubmitAsync(Some.Transaction(Some.Put("elsewhere", "1"), Some.Put("rates/k", way == "patch" ? "{}" : "1")));
        var ticket = world.Begin();
        Assert.IsType<Outcome.Committed>(await world.SubmitAsync(Some.Transaction(Touching[way]())));
        Assert.Equal(LoadCommit.Raced, await world.CommitAsync(ticket, OriginWorld.Found("old")));
    }

    [Theory]
    [MemberData(nameof(PassingNames))]
    public async Task Either_OtherKeys_AreLeftAlone(string way)
    {
        foreach (var writes in Enum.GetValues<OriginWrites>())
        {
            await using var world = new OriginWorld(OriginWorld.Options(writes));
            await world.StartAsync();
            var ticket = world.Begin();
            Assert.IsType<Outcome.Committed>(await world.SubmitAsync(Some.Transaction(Passing[way]())));
            Assert.Equal(LoadCommit.Stored, await world.CommitAsync(ticket, OriginWorld.Found("new")));
        }
    }

    [Fact]
    public async Task Local_AnExpiry_IsRejected()
    {
        await using var world = new OriginWorld(OriginWorld.Options());
        await world.StartAsync();
        var (key, expiry) = (Some.Key("rates/k"), ExpiryUpdate.At(world.Time.GetUtcNow()));
        Operation[] operations =
        [
            Some.Put("rates/k", "v", world.Time.GetUtcNow()), new Append(key, default, "", world.Time.GetUtcNow()), new Increment(key, 1, expiry),
            MergePatch.TryCreate(key, Some.Bytes("{}"), 100, expiry)!, new SetExpiry(key, ExpiryUpdate.Never),
        ];
        foreach (var operation in operations)
            Assert.Equal(RejectionReason.OriginDecidesExpiry, Assert.IsType<Outcome.Rejected>(await world.SubmitAsync(Some.Transaction(operation))).Reason);
    }

    // The key of an append is its prefix and a number.
    [Theory]
    [InlineData("q-", "q-00", true)]
    [InlineData("q-", "q-00/", false)]
    [InlineData("q-", "q-x", false)]
    public async Task Append_MayFallBelowAnOrigin_IsSeen(string appended, string prefix, bool isSeen)
    {
        await using var world = new OriginWorld(OriginWorld.Options(OriginWrites.Refuse) with { Prefix = prefix });
        await world.StartAsync();
        Assert.Equal(isSeen, await world.SubmitAsync(Some.Transaction(new Append(Some.Key(appended), default, ""))) is Outcome.Rejected);
    }

    [Fact]
    public async Task Sweep_EntryAndSidecarTogether_DeletesEachOnce()
    {
        await using var world = new OriginWorld(OriginWorld.Options());
        await world.StartAsync();
        await world.MoveInAsync("rates/k", world.Time.GetUtcNow().AddHours(3));
        world.Time.Advance(TimeSpan.FromHours(3));
        await Soon.UntilAsync(() => world.Store.Latest.TotalCount == 0);
        Assert.Equal(StoreState.Running, world.Store.State);
    }

    [Fact]
    public async Task Invalidate_Prefixes_AreReplacedByAllBeyondTheirBound()
    {
        await using var world = new OriginWorld(OriginWorld.Options());
        await world.StartAsync();
        await world.LoadAsync("v", "rates/other");
        for (var i = 0; i < Invalidations.RecordsMax; i++)
            await world.SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, Some.Bytes($"rates/{i:D2}")));
        await world.SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, "rates/00"u8));
        Assert.Equal((Invalidations.RecordsMax, true), (Count(), world.Evaluate("rates/other").IsFresh));

        await world.SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, "rates/x"u8));
        Assert.Equal((1, KeyStanding.Unknown), (Count(), world.Evaluate("rates/other").Standing));
        await world.LoadAsync("w", "rates/other");
        Assert.True(world.Evaluate("rates/other").IsFresh);

        long Count() => world.Store.Latest.CountOfReserved(ReservedKeys.RangeOf(ReservedKind.Invalid, "acme/"u8));
    }

    // A conditional load of what was invalidated by its prefix is still possible: the origin says whether it is valid.
    [Fact]
    public async Task Invalidate_Prefix_KeepsTheETag()
    {
        await using var world = new OriginWorld(OriginWorld.Options());
        await world.StartAsync();
        await world.LoadAsync("v", etag: "\"1\"");
        await world.SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, "rates/"u8));
        Assert.Equal(("\"1\"", KeyStanding.Unknown), (world.Begin().ETag, world.Evaluate().Standing));
        Assert.Equal(LoadCommit.Touched, await world.CommitAsync(world.Begin(), new LoadResult.NotModified(default)));
        Assert.True(world.Evaluate().IsFresh);
        await world.SubmitAsync(world.Origin.Invalidate([Some.Key("rates/k")]));
        Assert.Null(world.Begin().ETag);
    }
}

namespace KvStore.Origins.Tests;

/// <summary>What may be served of a key, and for how long, by the settings and by what the origin said.</summary>
public sealed class FreshnessTests : IAsyncLifetime
{
    private static readonly Key K = Some.Key("rates/k");

    private readonly OriginOptions _options = OriginWorld.Options() with
    {
        FreshFor = TimeSpan.FromSeconds(100),
        StaleWhileRevalidate = TimeSpan.FromSeconds(10),
        StaleIfError = TimeSpan.FromSeconds(50),
        NegativeFor = TimeSpan.FromSeconds(20),
        LoadTimeout = TimeSpan.FromSeconds(10),
    };

    private OriginWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = new OriginWorld(_options);
        await _world.StartAsync();
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData(0, "fresh")]
    [InlineData(79, "fresh")]
    [InlineData(80, "fresh, refresh")]
    [InlineData(99, "fresh, refresh")]
    [InlineData(100, "revalidate, error")]
    [InlineData(109, "revalidate, error")]
    [InlineData(110, "error")]
    [InlineData(149, "error")]
    [InlineData(150, "")]
    public async Task Loaded_After_MayBeServedAs(int seconds, string expected)
    {
        await _world.LoadAsync("v");
        Advance(seconds);
        Assert.Equal(expected, Describe(_world.Evaluate()));
    }

    [Theory]
    [InlineData(0, "fresh")]
    [InlineData(20, "revalidate, error")]
    [InlineData(31, "error")]
    [InlineData(70, "")]
    public async Task Absent_After_MayBeServedAs(int seconds, string expected)
    {
        await _world.CommitAsync(_world.Begin(), new LoadResult.Absent(default));
        Advance(seconds);
        var state = _world.Evaluate();
        Assert.Equal((KeyStanding.Absent, expected), (state.Standing, Describe(state)));
    }

    [Fact]
    public async Task Absent_OfAnEntry_DeletesIt()
    {
        await _world.LoadAsync("v");
        Assert.Equal(LoadCommit.Stored, await _world.CommitAsync(_world.Begin(), new LoadResult.Absent(default)));
        Assert.Null(_world.Store.Latest.Find(K));
    }

    // What the origin says counts, within the settings; its answer was made before it arrived.
    [Theory]
    [InlineData(30, 0, 30, 30, 30)]
    [InlineData(1_000, 0, 100, 100, 100)]
    [InlineData(30, 20, 10, 10, 30)]
    [InlineData(30, 40, 0, 0, 40)]
    public async Task Loaded_OriginSaysMaxAge_CountsWithinTheSettings(int maxAge, int age, int freshFor, int left, int ageAtTheEnd)
    {
        await _world.CommitAsync(_world.Begin(), OriginWorld.Found("v", null, new OriginFreshness(Seconds(maxAge), null, null, Seconds(age), false, false)));
        Assert.Equal((Seconds(left), Seconds(age)), (_world.Evaluate().FreshLeft, _world.Evaluate().Age));
        Advance(freshFor);
        Assert.False(_world.Evaluate().IsFresh);
        Assert.Equal(Seconds(ageAtTheEnd), _world.Evaluate().Age);
    }

    [Fact]
    public async Task Loaded_OriginSaysStale_CountsWithinTheSettings()
    {
        await _world.CommitAsync(_world.Begin(), OriginWorld.Found("v", null, new OriginFreshness(Seconds(1), Seconds(5), Seconds(1_000), default, false, false)));
        Assert.Equal((Seconds(6), Seconds(51)), (_world.Evaluate().RevalidateLeft, _world.Evaluate().ErrorLeft));
        await _world.CommitAsync(_world.Begin(), OriginWorld.Found("w", null, new OriginFreshness(Seconds(1), Seconds(5), null, default, false, ForbidsStale: true)));
        Assert.Equal((Seconds(1), Seconds(1)), (_world.Evaluate().RevalidateLeft, _world.Evaluate().ErrorLeft));
    }

    [Fact]
    public async Task Loaded_OriginForbidsStoring_IsNotStored()
    {
        var forbids = new OriginFreshness(null, null, null, default, ForbidsStoring: true, false);
        Assert.Equal(LoadCommit.NotStored, await _world.CommitAsync(_world.Begin(), OriginWorld.Found("v", null, forbids)));
        var ticket = _world.Begin();
        await _world.SubmitAsync(Some.Transaction(Some.Put("rates/k")));
        Assert.Equal(LoadCommit.Raced, await _world.CommitAsync(ticket, OriginWorld.Found("v", null, forbids)));
        Assert.Equal("value", _world.Store.Latest.Text("rates/k"));
    }

    [Fact]
    public async Task Loaded_SameBytesOrNotModified_KeepsTheEntry()
    {
        await _world.LoadAsync("v", etag: "\"1\"");
        var revision = _world.Store.Latest.Find(K)!.Value.Revision;
        Advance(120);
        Assert.Equal("\"1\"", _world.Begin().ETag);
        Assert.Equal(LoadCommit.Touched, await _world.LoadAsync("v", etag: "\"2\""));
        Assert.Equal((revision, Seconds(100)), (_world.Store.Latest.Find(K)!.Value.Revision, _world.Evaluate().FreshLeft));
        Advance(120);
        Assert.Equal("\"2\"", _world.Begin().ETag);
        Assert.Equal(LoadCommit.Touched, await _world.CommitAsync(_world.Begin(), new LoadResult.NotModified(default)));
        Assert.Equal((revision, "\"2\"", true), (_world.Store.Latest.Find(K)!.Value.Revision, _world.Begin().ETag, _world.Evaluate().IsFresh));
    }

    [Fact]
    public async Task Written_IsFreshAndThenLoadedWithoutACondition()
    {
        await _world.LoadAsync("v", etag: "\"1\"");
        await _world.SubmitAsync(Some.Transaction(Some.Put("rates/k", "mine")));
        Assert.Equal(("mine", true, null), (_world.Evaluate().Entry.Text(), _world.Evaluate().IsFresh, _world.Begin().ETag));
        Advance(100);
        Assert.Equal("revalidate, error", Describe(_world.Evaluate()));
        await _world.SubmitAsync(Some.Transaction(Some.Delete("rates/k")));
        Assert.Equal(KeyStanding.Unknown, _world.Evaluate().Standing);
    }

    [Fact]
    public async Task Entry_OlderThanTheOrigin_CountsAsWritten()
    {
        Assert.IsType<Outcome.Committed>(await _world.SubmitAsync(Some.Transaction(Some.Put("rates/k")).With([new Delete(OriginState.SidecarOf(Some.Key("other")))])));
        Assert.Null(_world.Store.Latest.Find(OriginState.SidecarOf(K)));
        Assert.Equal("fresh", Describe(_world.Evaluate()));
        Advance(100);
        Assert.Equal("revalidate, error", Describe(_world.Evaluate()));
    }

    [Fact]
    public async Task Sidecar_OfALaterVersion_SaysNothing()
    {
        await _world.LoadAsync("v");
        await _world.SubmitAsync(new Transaction([], [], [new Put(OriginState.SidecarOf(K), new byte[] { 9, 9 }, "")]));
        Assert.Equal((KeyStanding.Unknown, null), (_world.Evaluate().Standing, _world.Begin().ETag));
        Assert.Equal(LoadCommit.Touched, await _world.LoadAsync("v"));
    }

    [Fact]
    public async Task Clock_GoesBack_IsAsNew()
    {
        await _world.LoadAsync("v");
        using var earlier = new CancellationTokenSource();
        var time = new FakeTimeProvider(_world.Time.GetUtcNow() - TimeSpan.FromDays(1));
        var state = new OriginState(_options, TimeSpan.FromSeconds(1), time).Evaluate(_world.Store.Latest, K);
        Assert.Equal((TimeSpan.Zero, Seconds(100)), (state.Age, state.FreshLeft));
    }

    [Fact]
    public async Task Jitter_SpreadsAndIsTheSameForAll()
    {
        var (one, other) = (new OriginState(_options with { JitterPercent = 10 }, default, _world.Time), new OriginState(_options with { JitterPercent = 10 }, default, _world.Time));
        for (var i = 0; i < 200; i++)
            await _world.LoadAsync("v", $"rates/{i}");
        var left = Enumerable.Range(0, 200).Select(i => one.Evaluate(_world.Store.Latest, Some.Key($"rates/{i}")).FreshLeft.TotalSeconds).ToArray();

        Assert.All(left, seconds => Assert.InRange(seconds, 90, 100));
        Assert.InRange(left.Average(), 94, 96);
        Assert.InRange(left.Count(seconds => seconds < 92), 20, 60);
        Assert.Equal(left[7], other.Evaluate(_world.Store.Latest, Some.Key("rates/7")).FreshLeft.TotalSeconds);
    }

    // With its sidecar, so that neither is left alone.
    [Fact]
    public async Task Expiry_OfTheSidecar_EvictsTheEntry()
    {
        await _world.LoadAsync("v");
        await _world.SubmitAsync(Some.Transaction(Some.Put("elsewhere")));
        Advance(150 + 15 + 5 + 60 + 60);
        await Soon.UntilAsync(() => _world.Store.Latest.Find(OriginState.SidecarOf(K)) is null);
        Assert.Null(_world.Store.Latest.Find(K));
        Assert.Equal("value", _world.Store.Latest.Text("elsewhere"));
    }

    [Fact]
    public async Task Commit_TooLate_IsDropped()
    {
        var ticket = _world.Begin();
        _world.Time.Advance(_world.Origin.TicketAgeMax + TimeSpan.FromSeconds(1));
        Assert.Equal(LoadCommit.Raced, await _world.CommitAsync(ticket, OriginWorld.Found("v")));
    }

    // Otherwise the guard of a load that began before would pass again.
    [Fact]
    public async Task Sidecar_OfADeletion_OutlivesEveryLoad()
    {
        var ticket = _world.Begin();
        await _world.SubmitAsync(Some.Transaction(Some.Put("rates/k")));
        await _world.SubmitAsync(Some.Transaction(Some.Delete("rates/k")));
        _world.Time.Advance(_world.Origin.TicketAgeMax);
        Assert.Equal(LoadCommit.Raced, await _world.CommitAsync(ticket, OriginWorld.Found("v")));
        Assert.NotNull(_world.Store.Latest.Find(OriginState.SidecarOf(K)));
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private static string Describe(KeyState state) => string.Join(", ", new[]
    {
        state.IsFresh ? "fresh" : "",
        state.IsRefreshDue ? "refresh" : "",
        !state.IsFresh && state.MayRevalidate ? "revalidate" : "",
        !state.IsFresh && state.MayServeOnError ? "error" : "",
    }.Where(text => text.Length > 0));

    private void Advance(int seconds) => _world.Time.Advance(Seconds(seconds));
}

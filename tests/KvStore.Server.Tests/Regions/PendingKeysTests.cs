using KvStore.Crdt;

namespace KvStore.Server.Tests;

/// <summary>Which keys have to be exchanged: no change may be lost, and a merge that comes back as a change is none.</summary>
public sealed class PendingKeysTests
{
    private static readonly StoreId Region = new(1);
    private static readonly Key A = Key.Parse("a");
    private static readonly Key B = Key.Parse("b");

    private readonly FakeTimeProvider _time = new();
    private readonly PendingKeys _keys;

    public PendingKeysTests() => (_keys = NewKeys(10, _time)).Enter(Region);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hear_ManyChangesOfOneKey_AreOneExchange()
    {
        await HearAsync(RegionSide.Here, A, 1, 2, 3);
        await HearAsync(RegionSide.There, A, 7);
        Assert.True(_keys.Complete(await _keys.TakeAsync(Token), Exchanged(3, 7)));
        Assert.False(IsAnyReady());
        Assert.Equal((0, 0), Counts());
    }

    // The commits of the merges come back from both watches.
    [Fact]
    public async Task Hear_OwnMerge_IsNoChange()
    {
        await HearAsync(RegionSide.There, A, 7);
        _keys.Complete(await _keys.TakeAsync(Token), Exchanged(4, 9));
        await HearAsync(RegionSide.Here, A, 4);
        await HearAsync(RegionSide.There, A, 8, 9);
        Assert.False(IsAnyReady());
        await HearAsync(RegionSide.Here, A, 5);
        Assert.Equal(A, (await _keys.TakeAsync(Token)).Key);
    }

    [Fact]
    public async Task Hear_DuringAnExchangeThatDoesNotHaveIt_IsExchangedAfterIt()
    {
        await HearAsync(RegionSide.Here, A, 1);
        var key = await _keys.TakeAsync(Token);
        await HearAsync(RegionSide.Here, A, 2);
        _keys.Complete(key, Exchanged(1, 1));
        Assert.Equal((1, 0), Counts());
        Assert.Same(key, await _keys.TakeAsync(Token));
    }

    [Fact]
    public async Task Hear_DuringAnExchangeThatHasIt_IsExchanged()
    {
        await HearAsync(RegionSide.Here, A, 1);
        var key = await _keys.TakeAsync(Token);
        await HearAsync(RegionSide.Here, A, 2);
        _keys.Complete(key, Exchanged(2, 1));
        Assert.False(IsAnyReady());
    }

    [Fact]
    public async Task Hear_FullTable_WaitsForRoom()
    {
        var keys = NewKeys(1, _time);
        keys.Enter(Region);
        await keys.HearAsync(RegionSide.Here, A, 1, Token);
        await keys.HearAsync(RegionSide.Here, A, 2, Token);
        var waiting = keys.HearAsync(RegionSide.Here, B, 3, Token).AsTask();
        Assert.False(waiting.IsCompleted);
        keys.Complete(await keys.TakeAsync(Token), Exchanged(2, 1));
        await waiting.Within();
        Assert.Equal(B, (await keys.TakeAsync(Token)).Key);
    }

    [Fact]
    public async Task Repeat_AfterAFailureOfTheRegion_KeepsTheKeyDirty()
    {
        await HearAsync(RegionSide.There, A, 1);
        var key = await _keys.TakeAsync(Token);
        _keys.Repeat(key);
        Assert.Equal((0, 1), Counts());
        Assert.Same(key, await _keys.TakeAsync(Token));
    }

    [Fact]
    public async Task Postpone_AfterAFailureOfTheKey_ComesBackAfterItsWait()
    {
        await HearAsync(RegionSide.Here, A, 1);
        _keys.Postpone(await _keys.TakeAsync(Token));
        await HearAsync(RegionSide.Here, A, 2);
        _keys.Wake();
        Assert.False(IsAnyReady());
        Assert.Equal((1, 0), Counts());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _keys.Wake();
        Assert.Equal(A, (await _keys.TakeAsync(Token)).Key);
    }

    [Fact]
    public async Task Complete_WithAnotherStoreThanTheWatchIsOf_CountsForNothing()
    {
        await HearAsync(RegionSide.There, A, 5);
        var key = await _keys.TakeAsync(Token);
        Assert.False(_keys.Complete(key, new ExchangeResult.Exchanged(new StoreId(2), 1, 100, null)));
        Assert.Equal((0, 1), Counts());
    }

    // Its revisions begin anew, below what was exchanged with the one before.
    [Fact]
    public async Task Enter_AnotherStore_HearsOfItsChanges()
    {
        await HearAsync(RegionSide.There, A, 100);
        _keys.Complete(await _keys.TakeAsync(Token), Exchanged(1, 100));
        _keys.Enter(new StoreId(2));
        await HearAsync(RegionSide.There, A, 3);
        Assert.Null((await _keys.TakeAsync(Token)).Known);
    }

    [Fact]
    public async Task Park_Conflict_WaitsForAChangeOfEitherSide()
    {
        await HearAsync(RegionSide.Here, A, 1);
        Assert.True(_keys.Park(await _keys.TakeAsync(Token), "It is."));
        Assert.Equal(("a", "It is."), (_keys.Conflicts[0].Key.ToString(), _keys.Conflicts[0].Reason));
        Assert.False(IsAnyReady());

        // A deletion of one side ends many conflicts, and means nothing to other keys.
        await _keys.HearOtherAsync(RegionSide.There, B, 9, Token);
        Assert.False(IsAnyReady());
        await _keys.HearOtherAsync(RegionSide.There, A, 9, Token);
        var key = await _keys.TakeAsync(Token);
        Assert.False(_keys.Park(key, "It is."));
        await HearAsync(RegionSide.Here, A, 2);
        _keys.Complete(await _keys.TakeAsync(Token), Exchanged(3, 10));
        Assert.Empty(_keys.Conflicts);
    }

    [Fact]
    public async Task Park_ChangedMeanwhile_IsTriedAgain()
    {
        await HearAsync(RegionSide.Here, A, 1);
        var key = await _keys.TakeAsync(Token);
        await _keys.HearOtherAsync(RegionSide.There, A, 9, Token);
        _keys.Park(key, "It was.");
        Assert.Same(key, await _keys.TakeAsync(Token));
    }

    [Fact]
    public async Task Complete_ManyKeys_KeepsTheMostRecentOnly()
    {
        var keys = NewKeys(2, _time);
        keys.Enter(Region);
        foreach (var name in (string[])["a", "b", "c"])
        {
            await keys.HearAsync(RegionSide.Here, Key.Parse(name), 1, Token);
            keys.Complete(await keys.TakeAsync(Token), Exchanged(1, 1, VersionVector.Empty));
        }

        await keys.HearAsync(RegionSide.Here, Key.Parse("c"), 2, Token);
        Assert.NotNull((await keys.TakeAsync(Token)).Known);
        await keys.HearAsync(RegionSide.Here, Key.Parse("a"), 2, Token);
        Assert.Null((await keys.TakeAsync(Token)).Known);
    }

    [Fact]
    public async Task CountOf_OldestChange_SaysSinceWhen()
    {
        var began = _time.GetUtcNow();
        await HearAsync(RegionSide.Here, A, 1);
        _time.Advance(TimeSpan.FromSeconds(5));
        await HearAsync(RegionSide.Here, A, 2);
        await HearAsync(RegionSide.Here, B, 3);
        Assert.Equal((2, began), _keys.CountOf(RegionSide.Here));
        Assert.Equal((0, (DateTimeOffset?)null), _keys.CountOf(RegionSide.There));
    }

    private static PendingKeys NewKeys(int keysMax, TimeProvider time) => new(new RegionOptions { Name = "a", Address = new Uri("http://a/"), Prefixes = [""], KeysMax = keysMax }, time);

    private static ExchangeResult.Exchanged Exchanged(long here, long there, VersionVector? known = null) => new(Region, here, there, known);

    private async Task HearAsync(RegionSide side, Key key, params long[] revisions)
    {
        foreach (var revision in revisions)
            await _keys.HearAsync(side, key, revision, Token);
    }

    private (int Here, int There) Counts() => (_keys.CountOf(RegionSide.Here).Count, _keys.CountOf(RegionSide.There).Count);

    private bool IsAnyReady()
    {
        using var waiting = new CancellationTokenSource();
        var isAny = _keys.TakeAsync(waiting.Token).AsTask().IsCompleted;
        waiting.Cancel();
        return isAny;
    }
}

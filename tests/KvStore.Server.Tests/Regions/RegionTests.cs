using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Two stores of which one has the other among its regions: everything that one setting does, in both directions.</summary>
public sealed class RegionTests
{
    private static readonly (int, int)[] OneSide = [(0, 1)];
    private static readonly (int, int)[] BothSides = [(0, 1), (1, 0)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Change_OnEitherSide_ComesToTheOther(int side)
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide);
        (await group.ChangeAsync(side, "n", "{\"increment\":3}", "pn-counter")).Expect(201);
        await ValueAsync(group, 1 - side, "n", "3");
        (await group.ChangeAsync(1 - side, "n", "{\"increment\":-5}")).Expect(200);
        await ValueAsync(group, side, "n", "-2");
        await group.EqualAsync("n");
    }

    [Fact]
    public async Task Change_OfEveryType_Converges()
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide);
        (await group.ChangeAsync(0, "g", "{\"increment\":1}", "g-counter")).Expect(201);
        (await group.ChangeAsync(0, "s", "{\"add\":[\"a\",\"b\"]}", "g-set")).Expect(201);
        (await group.ChangeAsync(1, "o", "{\"add\":[\"a\",\"b\"]}", "or-set")).Expect(201);
        (await group.ChangeAsync(1, "t", "{\"edits\":[{\"at\":0,\"insert\":\"né\"}]}", "text")).Expect(201);
        await group.EqualAsync("g", "s", "o", "t");
        (await group.ChangeAsync(0, "o", "{\"remove\":[\"a\"]}")).Expect(200);
        (await group.ChangeAsync(0, "t", "{\"edits\":[{\"at\":2,\"insert\":\"e\"}]}")).Expect(200);
        await ValueAsync(group, 1, "o", "[\"b\"]");
        await ValueAsync(group, 1, "t", "\"née\"");
    }

    [Fact]
    public async Task Values_FromBeforeTheSetting_AreExchanged()
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide, isDurable: true);
        group.LinkOf(0, 1).Cut();
        for (var i = 0; i < 3; i++)
        {
            (await group.ChangeAsync(0, $"here{i}", "{\"increment\":1}", "g-counter")).Expect(201);
            (await group.ChangeAsync(1, $"there{i}", "{\"increment\":1}", "g-counter")).Expect(201);
        }

        await group.RestartAsync(0);
        group.LinkOf(0, 1).Heal();
        await group.EqualAsync("here0", "here1", "here2", "there0", "there1", "there2");
    }

    [Fact]
    public async Task OrdinaryEntries_AndOtherPrefixes_AreNotExchanged()
    {
        await using var group = await RegionGroup.StartAsync(2, BothSides);
        (await group.Client(1).PutAsync("/v1/kv/shared/ordinary", "x")).Expect(201);
        (await group.Client(1).PostJsonAsync("/v1/crdt/other?type=g-counter", "{\"increment\":1}")).Expect(201);
        (await group.ChangeAsync(1, "n", "{\"increment\":1}", "g-counter")).Expect(201);
        await group.EqualAsync("n");
        (await group.Client(0).GetAsync("/v1/kv/shared/ordinary")).Expect(404);
        (await group.Client(0).GetAsync("/v1/kv/other")).Expect(404);
    }

    // Both sides hear of every change and of every merge, and each merge is a commit that both hear of again.
    [Fact]
    public async Task Exchange_WithNothingNew_CommitsNothing()
    {
        await using var group = await RegionGroup.StartAsync(2, BothSides);
        (await group.ChangeAsync(0, "n", "{\"increment\":1}", "g-counter")).Expect(201);
        await group.EqualAsync("n");
        for (var i = 0; i < 20; i++)
            (await group.ChangeAsync(i % 2, "n", "{\"increment\":1}")).Expect(200);
        await group.EqualAsync("n");
        await SettledAsync(group);

        // 21 changes, each a commit there and a merge here; merges may come together.
        Assert.InRange(group.Server(0).Store.Latest.Revision + group.Server(1).Store.Latest.Revision, 22, 42);
        Assert.InRange(ExchangesOf(group), 2, 4 * 42);
    }

    [Fact]
    public async Task Deletion_IsOfOneRegion_UntilTheOtherOneChangesTheValue()
    {
        await using var group = await RegionGroup.StartAsync(2, BothSides);
        (await group.ChangeAsync(0, "n", "{\"increment\":1}", "pn-counter")).Expect(201);
        (await group.ChangeAsync(0, "sign", "{\"increment\":1}", "pn-counter")).Expect(201);
        await group.EqualAsync("n", "sign");
        await SettledAsync(group);
        (await group.Client(1).DeleteAsync("/v1/kv/shared/n")).Expect(204);
        (await group.ChangeAsync(1, "sign", "{\"increment\":1}")).Expect(200);
        await group.EqualAsync("sign");
        (await group.ReadAsync(1, "n")).Expect(404);
        (await group.ReadAsync(0, "n")).Expect(200);
        (await group.ChangeAsync(0, "n", "{\"increment\":1}")).Expect(200);
        await ValueAsync(group, 1, "n", "2");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Conflict_OfTwoCreations_IsReportedUntilOneIsDeleted(int deleted)
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide);
        group.LinkOf(0, 1).Cut();
        (await group.ChangeAsync(0, "n", "{\"increment\":1}", "pn-counter")).Expect(201);
        (await group.ChangeAsync(1, "n", "{\"increment\":10}", "pn-counter")).Expect(201);
        group.LinkOf(0, 1).Heal();
        await Soon.UntilAsync(() => group.PeerOf(0, 1).Sync!.Keys.Conflicts.Count == 1);
        var conflicts = (await group.RegionAsync(0, 1)).GetProperty("conflicts");
        Assert.Equal(1, conflicts.GetProperty("count").GetInt32());
        Assert.Equal(("shared/n", "The value was made in both stores, so the two are not one."), (conflicts.GetProperty("items")[0].GetProperty("key").GetString(), conflicts.GetProperty("items")[0].GetProperty("reason").GetString()));
        Assert.Equal(["1", "10"], [(await group.ReadAsync(0, "n")).Text, (await group.ReadAsync(1, "n")).Text]);

        (await group.Client(deleted).DeleteAsync("/v1/kv/shared/n")).Expect(204);
        await ValueAsync(group, deleted, "n", deleted == 0 ? "10" : "1");
        await Soon.UntilAsync(() => group.PeerOf(0, 1).Sync!.Keys.Conflicts.Count == 0);
    }

    // The store that makes the value again has the same replica, so the two look alike by their versions.
    [Fact]
    public async Task Conflict_OfAValueThatWasMadeAgain_IsReported()
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide);
        (await group.ChangeAsync(0, "n", "{\"increment\":1}", "pn-counter")).Expect(201);
        await group.EqualAsync("n");
        group.LinkOf(0, 1).Cut();
        (await group.Client(0).DeleteAsync("/v1/kv/shared/n")).Expect(204);
        (await group.ChangeAsync(0, "n", "{\"increment\":5}", "pn-counter")).Expect(201);
        group.LinkOf(0, 1).Heal();
        await Soon.UntilAsync(() => group.PeerOf(0, 1).Sync!.Keys.Conflicts.Count == 1);
        Assert.Equal(["5", "1"], [(await group.ReadAsync(0, "n")).Text, (await group.ReadAsync(1, "n")).Text]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Conflict_WithAnOrdinaryEntry_IsReported(int ordinary)
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide);
        (await group.Client(ordinary).PutAsync("/v1/kv/shared/n", "x")).Expect(201);
        (await group.ChangeAsync(1 - ordinary, "n", "{\"increment\":1}", "pn-counter")).Expect(201);
        await Soon.UntilAsync(() => group.PeerOf(0, 1).Sync!.Keys.Conflicts.Count == 1);
        (await group.Client(ordinary).DeleteAsync("/v1/kv/shared/n")).Expect(204);
        await ValueAsync(group, ordinary, "n", "1");
    }

    [Fact]
    public async Task Region_ThatGoesAndComesBack_CatchesUp()
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide);
        (await group.ChangeAsync(0, "n", "{\"increment\":1}", "g-counter")).Expect(201);
        await group.EqualAsync("n");
        await Soon.UntilAsync(async () => (await group.RegionAsync(0, 1)).GetProperty("state").GetString() == "connected");
        group.LinkOf(0, 1).Cut();
        (await group.ChangeAsync(0, "n", "{\"increment\":1}")).Expect(200);
        (await group.ChangeAsync(1, "n", "{\"increment\":1}")).Expect(200);
        await Soon.UntilAsync(async () => await group.RegionAsync(0, 1) is var region
            && region.GetProperty("state").GetString() == "disconnected" && region.GetProperty("pending").GetProperty("to").GetInt32() == 1 && region.GetProperty("lag_seconds").GetDouble() > 0);
        Assert.StartsWith("The ", (await group.RegionAsync(0, 1)).GetProperty("last_error").GetProperty("detail").GetString(), StringComparison.Ordinal);
        group.LinkOf(0, 1).Heal();
        await ValueAsync(group, 0, "n", "3");
        await group.EqualAsync("n");
        await Soon.UntilAsync(async () => await group.RegionAsync(0, 1) is var region && region.GetProperty("state").GetString() == "connected" && region.GetProperty("lag_seconds").GetDouble() == 0);
    }

    [Fact]
    public async Task Region_ThatGoesAndComesBack_IsLoggedOnceEach()
    {
        using var log = new LogLines();
        await using var group = await RegionGroup.StartAsync(2, OneSide, log: log, settings: [("Serilog:MinimumLevel:Default", "Information")]);
        await Soon.UntilAsync(() => group.PeerOf(0, 1).Sync?.ConnectedSince is not null);
        group.LinkOf(0, 1).Cut();
        await Soon.UntilAsync(() => group.PeerOf(0, 1).Sync!.ConnectedSince is null);
        group.LinkOf(0, 1).Heal();
        await log.WaitAsync(line => line.Message == $"Region r1 at {group.LinkOf(0, 1).Address} answers again");
        Assert.Single(log.All, line => line.Message.StartsWith($"Region r1 at {group.LinkOf(0, 1).Address}: The ", StringComparison.Ordinal) && line.Message.EndsWith(" It is tried again", StringComparison.Ordinal));
    }

    // With an engine that keeps nothing, a start begins another store, whose revisions begin anew.
    [Fact]
    public async Task Region_ThatIsAnotherStoreNow_GetsWhatTheOthersHave()
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide);
        for (var i = 0; i < 5; i++)
            await group.ChangeAsync(1, "n", "{\"increment\":1}", "g-counter");
        await group.EqualAsync("n");
        await group.RestartAsync(1);
        await ValueAsync(group, 1, "n", "5");
        (await group.ChangeAsync(1, "n", "{\"increment\":1}")).Expect(200);
        await ValueAsync(group, 0, "n", "6");
    }

    // The position has left the history: everything is compared.
    [Fact]
    public async Task Region_WhoseHistoryIsGone_IsCompared()
    {
        await using var group = await RegionGroup.StartAsync(2, OneSide, settings: [("HistoryCommitsMax", "3")]);
        (await group.ChangeAsync(1, "n", "{\"increment\":1}", "g-counter")).Expect(201);
        await group.EqualAsync("n");
        group.LinkOf(0, 1).Cut();
        (await group.ChangeAsync(1, "n", "{\"increment\":1}")).Expect(200);
        for (var i = 0; i < 10; i++)
            (await group.Client(1).PutAsync($"/v1/kv/shared/noise{i}", "x")).Expect(201);
        group.LinkOf(0, 1).Heal();
        await ValueAsync(group, 0, "n", "2");
    }

    // Otherwise the store that collects garbage would take a region for gone whose values do not change.
    [Fact]
    public async Task Values_ThatDoNotChange_AreComparedTwiceADay()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var group = await RegionGroup.StartAsync(2, OneSide, time: time);
        (await group.ChangeAsync(1, "n", "{\"increment\":1}", "g-counter")).Expect(201);
        await Soon.UntilAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return await group.StateAsync(0, "n") is not null && group.PeerOf(0, 1).Sync is { ConnectedSince: not null };
        });
        var (exchanges, revision) = (ExchangesOf(group), group.Server(0).Store.Latest.Revision);
        time.Advance(TimeSpan.FromHours(12));
        await Soon.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return ExchangesOf(group) > exchanges;
        });
        Assert.Equal(revision, group.Server(0).Store.Latest.Revision);
    }

    [Fact]
    public async Task Region_ThatIsThisStore_IsRefused()
    {
        await using var group = await RegionGroup.StartAsync(1, [(0, 0)]);
        await Soon.UntilAsync(async () => await group.RegionAsync(0, 0) is var region && region.GetProperty("last_error") is { ValueKind: JsonValueKind.Object } error
            && error.GetProperty("detail").GetString() == "The address leads to this store, or to a copy of it. A copy needs an id of its own: run new-store-id on its data."
            && region.GetProperty("state").GetString() == "disconnected");
    }

    [Fact]
    public async Task Region_ThatWantsAKey_SaysSo()
    {
        var keys = TestKeys.WriteFile([MatrixCaller.All.First(caller => caller.IsKnown).ToEntry()]);
        await using var group = await RegionGroup.StartAsync(2, OneSide, settings: [("Keys", keys)]);
        await Soon.UntilAsync(() => group.PeerOf(0, 1).Sync?.LastError?.Sentence.StartsWith("The region answered 401 (unauthorized): ", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Replica_ThatIsNotTheFirst_StandsBy()
    {
        var log = new FakeCommitLog { Rank = 1 };
        var options = new KvServerOptions { CommitLog = log };
        options.Settings["KvStore:Regions:r1:Address"] = "http://127.0.0.1:9/";
        options.Settings["KvStore:Regions:r1:Prefixes:0"] = "";
        await using var server = await KvServer.StartAsync(options);
        var peer = Assert.Single(server.Services.GetRequiredService<ServedRegions>().All);
        Assert.Equal("standby", (await server.Client.GetAsync("/v1/regions")).Json.GetProperty("regions")[0].GetProperty("state").GetString());
        log.Rank = 0;
        await Soon.UntilAsync(() => peer.Sync is not null);
        log.Rank = 1;
        await Soon.UntilAsync(() => peer.Sync is null);
    }

    private static Task ValueAsync(RegionGroup group, int index, string key, string value) => Soon.UntilAsync(async () => await group.ReadAsync(index, key) is { Status: 200 } answer && answer.Text == value);

    private static Task SettledAsync(RegionGroup group) => Soon.UntilAsync(() => SyncsOf(group).All(sync => sync.Keys.CountOf(RegionSide.Here).Count + sync.Keys.CountOf(RegionSide.There).Count == 0));

    private static long ExchangesOf(RegionGroup group) => SyncsOf(group).Sum(sync => sync.Exchanges);

    private static IEnumerable<RegionSync> SyncsOf(RegionGroup group) =>
        Enumerable.Range(0, group.Count).SelectMany(index => group.Server(index).Services.GetRequiredService<ServedRegions>().All).Select(region => region.Sync!);
}

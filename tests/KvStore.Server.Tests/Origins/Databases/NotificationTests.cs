using System.Diagnostics;
using System.Text.Json;
using KvStore.Origins;

namespace KvStore.Server.Tests;

[Trait("Needs", "packages")]
public sealed class NotificationTests(DatabaseServers servers)
{
    // The function and the trigger are those of docs/origins.md.
    [Fact]
    public async Task Update_NotifiedByATrigger_IsReadAtOnce()
    {
        await using var service = await StartAsync();
        await service.QueryAsync($"""
            insert into {service.Table} values ('1', 'one'), ('2', 'two');
            create function notify_{service.Table}() returns trigger language plpgsql as $$
            begin
              perform pg_notify('{service.Table}', coalesce(new.id, old.id));
              return null;
            end $$;
            create trigger notify_rates after insert or update or delete on {service.Table} for each row
              when (current_setting('application_name') <> 'kvstore') execute function notify_{service.Table}();
            """);
        Assert.Equal(("one", "two"), (await service.GetAsync("1"), await service.GetAsync("2")));
        await service.QueryAsync($"update {service.Table} set body = 'new' where id = '1'");
        await Soon.UntilAsync(async () => await service.GetAsync("1") == "new");
        await service.QueryAsync($"delete from {service.Table} where id = '1'");
        await Soon.UntilAsync(async () => (await service.Client.GetAsync("/v1/kv/rates/1")).Status == 404);
        Assert.Contains("; hit;", (await service.Client.GetAsync("/v1/kv/rates/2")).Header("Cache-Status"), StringComparison.Ordinal);
        var before = service.Server.Store.Latest.Revision;
        await service.QueryAsync($"set application_name = 'kvstore'; update {service.Table} set body = 'own'; reset application_name; notify {service.Table}, 'x'");
        await Soon.UntilAsync(() => service.Server.Store.Latest.Revision > before);
        Assert.Equal("two", await service.GetAsync("2"));
    }

    [Theory]
    [InlineData("""["a/1","b"]""", "a/1 b")]
    [InlineData("""{"prefix":"a/"}""", "a/1 a/2")]
    [InlineData("b", "b")]
    [InlineData("", "a/1 a/2 b")]
    [InlineData("""{"prefix":1}""", "a/1 a/2 b")]
    [InlineData("""["\ud800"]""", "a/1 a/2 b")]
    [InlineData("[", "a/1 a/2 b")]
    [InlineData("c", "")]
    public async Task Payload_EachForm_InvalidatesWhatItNames(string payload, string invalid)
    {
        await using var service = await StartAsync();
        await service.QueryAsync($"insert into {service.Table} values ('a/1', 'old'), ('a/2', 'old'), ('b', 'old')");
        string[] keys = ["a/1", "a/2", "b"];
        foreach (var key in keys)
            Assert.Equal("old", await service.GetAsync(key));
        var before = service.Server.Store.Latest.Revision;
        await service.QueryAsync($"update {service.Table} set body = 'new'; select pg_notify('{service.Table}', '{payload}')");
        await Soon.UntilAsync(() => service.Server.Store.Latest.Revision > before);
        var now = new List<string>();
        foreach (var key in keys)
        {
            if (await service.GetAsync(key) == "new")
                now.Add(key);
        }

        Assert.Equal(invalid, string.Join(' ', now));
    }

    // What changes while there is no connection is not notified, so everything is invalid after the next one.
    [Fact]
    public async Task Connection_Terminated_IsMadeAgainAndEverythingIsInvalid()
    {
        var log = new LogLines();
        await using var service = await StartAsync(log);
        await service.QueryAsync($"insert into {service.Table} values ('1', 'one')");
        Assert.Equal("one", await service.GetAsync("1"));
        await service.QueryAsync($"update {service.Table} set body = 'unnotified'; select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen \"{service.Table}\"%'");
        await Soon.UntilAsync(async () => (await NotificationsAsync(service)).GetProperty("connections").GetInt32() == 2);
        await Soon.UntilAsync(async () => await service.GetAsync("1") == "unnotified");
        await service.QueryAsync($"update {service.Table} set body = 'notified'; notify {service.Table}, '1'");
        await Soon.UntilAsync(async () => await service.GetAsync("1") == "notified");
        await log.WaitAsync(line => line.ToString().Contains("What changes there is not notified until it can be connected to again.", StringComparison.Ordinal));
    }

    // Each notification is not a commit, and what waits is bounded. The two are the first commit and the load of what was invalid; timers are not exact.
    [Fact]
    public async Task Notifications_Flood_IsFewCommits()
    {
        await using var service = await StartAsync();
        await service.QueryAsync($"insert into {service.Table} select i::text, 'old' from generate_series(1, 30000) i");
        Assert.Equal("old", await service.GetAsync("30000"));
        var before = service.Server.Store.Latest.Revision;
        var started = Stopwatch.GetTimestamp();
        await service.QueryAsync($"update {service.Table} set body = 'new'; select pg_notify('{service.Table}', i::text) from generate_series(1, 30000) i");
        await ReceivedAsync(service, 30_000);
        await Soon.UntilAsync(async () => await service.GetAsync("30000") == "new");
        Assert.InRange(service.Server.Store.Latest.Revision - before, 1, 2 + (2 * (long)(Stopwatch.GetElapsedTime(started) / InvalidationQueue.Pause)));
    }

    private static async Task ReceivedAsync(DatabaseServer service, int count) =>
        await Soon.UntilAsync(async () => (await NotificationsAsync(service)).GetProperty("received").GetInt32() >= count);

    private static async Task<JsonElement> NotificationsAsync(DatabaseServer service) => (await service.Client.GetAsync("/v1/origins/acme")).Expect(200).Json.GetProperty("notifications");

    // It listens, and the first invalidation is committed.
    private async Task<DatabaseServer> StartAsync(LogLines? log = null)
    {
        var service = await DatabaseServer.StartAsync(await servers.PostgresAsync(), (table, settings) => settings["KvStore:Origins:acme:Sql:NotifyChannel"] = table, log);
        await Soon.UntilAsync(() => service.Server.Store.Latest.Revision > 0);
        Assert.True((await NotificationsAsync(service)).GetProperty("connected").GetBoolean());
        return service;
    }
}

using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

[Trait("Needs", "packages")]
public sealed class DatabaseOriginTests(DatabaseServers servers)
{
    [Fact]
    public async Task Get_Rows_AreEntries()
    {
        await using var service = await StartAsync();
        await service.QueryAsync($"insert into {service.Table} values ('1', '99')");
        var loaded = (await service.Client.GetAsync("/v1/kv/rates/1")).Expect(200);
        Assert.Equal(("99", "text/plain; charset=utf-8"), (loaded.Text, loaded.ContentType));
        Assert.Contains("fwd=uri-miss; fwd-status=200; stored", loaded.Header("Cache-Status"), StringComparison.Ordinal);
        await service.QueryAsync($"update {service.Table} set body = '100'");
        Assert.Equal("99", await service.GetAsync("1"));
        (await service.Client.GetAsync("/v1/kv/rates/2")).ExpectProblem(404, "not-found");
        (await service.Client.PostJsonAsync("/v1/origins/acme/invalidate", """{"keys":["rates/1"]}""")).Expect(200);
        Assert.Equal("100", await service.GetAsync("1"));
    }

    [Fact]
    public async Task Get_KeysThatAreSql_AreKeys()
    {
        await using var service = await StartAsync();
        await service.QueryAsync($"insert into {service.Table} values ('1', '99')");
        foreach (var key in (string[])["'", "1' or '1'='1", $"'; drop table {service.Table}; --", "{1}", "\\", "1,1", "@keys", "\""])
            (await service.Client.GetAsync("/v1/kv/rates/" + Uri.EscapeDataString(key))).ExpectProblem(404, "not-found");
        Assert.Equal(1L, await service.QueryAsync($"select count(*) from {service.Table}"));
        Assert.Equal("99", await service.GetAsync("1"));
    }

    // What they ask for is counted by a sequence.
    [Fact]
    public async Task Get_TenThousandReadersOfOneKey_AreOneQuery()
    {
        await using var service = await StartAsync((table, settings) =>
        {
            settings["KvStore:Origins:acme:Sql:Load"] = $"select id as key, nextval('{table}_calls') || ' ' || pg_sleep(0.1) as value from {table} where id = @key";
            settings["KvStore:Origins:acme:WaitersMax"] = "20000";
        });
        await service.QueryAsync($"create sequence {service.Table}_calls; insert into {service.Table} values ('1', '')");
        var readers = await Task.WhenAll(Enumerable.Range(0, 10_000).Select(_ => service.GetAsync("1")));
        Assert.Equal("1 ", Assert.Single(readers.Distinct()));
        Assert.Equal(2L, await service.QueryAsync($"select nextval('{service.Table}_calls')"));
    }

    // Many keys at a time are few queries.
    [Fact]
    public async Task BatchGet_ManyKeys_AreAsManyQueriesAsHaveToBe()
    {
        await using var service = await StartAsync((table, settings) => settings["KvStore:Origins:acme:Sql:Load"] =
            $"select id as key, nextval('{table}_calls') as value from {table} where id = any(@keys) order by random() limit 50");
        await service.QueryAsync($"create sequence {service.Table}_calls; insert into {service.Table} select i::text, '' from generate_series(1, 100) i");
        var keys = string.Join(',', Enumerable.Range(1, 100).Select(key => $"\"rates/{key}\""));
        var answer = (await service.Client.PostJsonAsync("/v1/batch/get?wait=10", $$"""{"keys":[{{keys}}]}""")).Expect(200);
        Assert.Equal(100, answer.Json.GetProperty("items").GetArrayLength());
        var calls = (await service.Client.GetAsync("/v1/origins/acme")).Json.GetProperty("loads").GetProperty("calls").GetInt32();
        Assert.InRange(calls, 2, 10);
    }

    [Fact]
    public async Task Get_SlowQuery_IsATimeoutAndEndsThere()
    {
        await using var service = await StartAsync((table, settings) =>
        {
            settings["KvStore:Origins:acme:Sql:Load"] = $"select id as key, pg_sleep(60)::text as value from {table} where id = any(@keys) /* slow */";
            settings["KvStore:Origins:acme:LoadTimeout"] = "200ms";
        });
        await service.QueryAsync($"insert into {service.Table} values ('1', '')");
        (await service.Client.GetAsync("/v1/kv/rates/1")).ExpectProblem(504, "origin-timeout");
        await Soon.UntilAsync(async () => await service.QueryAsync($"select count(*) from pg_stat_activity where state = 'active' and query like '%from {service.Table} where% /* slow */'") is 0L);
    }

    [Fact]
    public async Task Get_BrokenStatement_SaysWhatTheServerSaid()
    {
        await using var service = await StartAsync((_, settings) => settings["KvStore:Origins:acme:Sql:Load"] = "select v as value from no_such_table where id = @key");
        var problem = (await service.Client.GetAsync("/v1/kv/rates/1")).ExpectProblem(502, "origin-failed");
        Assert.Contains("The database refused the statement (42P01): relation \\u0022no_such_table\\u0022 does not exist.", problem.Text.Replace("\\\"", "\\u0022", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    // The service starts without the database, and serves what is stale while it is down.
    [Fact]
    public async Task Get_DatabaseDownAndUpAgain_IsServedAsFarAsItCanBe()
    {
        using var database = await PostgresServer.StartAsync();
        await using var service = await DatabaseServer.StartAsync(database, (_, settings) =>
        {
            settings["KvStore:Origins:acme:FreshFor"] = "0s";
            settings["KvStore:Origins:acme:StaleWhileRevalidate"] = "0s";
        });
        await service.QueryAsync($"insert into {service.Table} values ('1', 'one'), ('2', 'two')");
        Assert.Equal("one", await service.GetAsync("1"));
        await database.StopAsync();
        Assert.Equal("one", await service.GetAsync("1"));
        var down = (await service.Client.GetAsync("/v1/kv/rates/2")).ExpectProblem(502, "origin-failed");
        Assert.DoesNotContain("Username", down.Text, StringComparison.Ordinal);
        await using var another = await KvServer.StartAsync(service.Options);
        (await another.Client.GetAsync("/v1/kv/rates/2")).ExpectProblem(502, "origin-failed");
        await database.RestartAsync();
        await Soon.UntilAsync(async () => (await service.Client.GetAsync("/v1/kv/rates/2")) is { Status: 200, Text: "two" });
        await Soon.UntilAsync(async () => (await another.Client.GetAsync("/v1/kv/rates/2")) is { Status: 200, Text: "two" });
    }

    // The row that the database refuses is parked with what it says; others arrive.
    [Fact]
    public async Task Put_Behind_ReachesTheDatabaseOrIsParked()
    {
        await using var service = await StartAsync((table, settings) =>
        {
            settings["KvStore:Origins:acme:Writes"] = "behind";
            settings["KvStore:Origins:acme:Sql:Store"] = $"insert into {table} values (@key, @text, @revision) on conflict (id) do update set body = excluded.body, version = excluded.version where {table}.version <= excluded.version";
            settings["KvStore:Origins:acme:Sql:Delete"] = $"insert into {table} values (@key, null, @revision) on conflict (id) do update set body = null, version = excluded.version where {table}.version <= excluded.version";
        });
        await service.QueryAsync($"alter table {service.Table} add check (body <> 'no')");
        (await service.Client.PutAsync("/v1/kv/rates/bad", "no", ("Content-Type", "text/plain"))).Expect(201);
        var revision = (await service.Client.PutAsync("/v1/kv/rates/good", "one", ("Content-Type", "text/plain"))).Expect(201).Revision;
        var fence = service.Server.Services.GetRequiredService<Store>().FenceBase + revision;
        await Soon.UntilAsync(async () => await service.QueryAsync($"select body || ' ' || version from {service.Table} where id = 'good'") is string row && row == $"one {fence}");
        Response parked = null!;
        await Soon.UntilAsync(async () => (parked = await service.Client.GetAsync("/v1/origins/acme/outbox?state=parked")).Text.Contains("rates/bad", StringComparison.Ordinal));
        Assert.Contains("violates check constraint", parked.Text, StringComparison.Ordinal);
        (await service.Client.DeleteAsync("/v1/kv/rates/good")).Expect(204);
        await Soon.UntilAsync(async () => await service.QueryAsync($"select count(*) from {service.Table} where id = 'good' and body is null") is 1L);
    }

    private async Task<DatabaseServer> StartAsync(Action<string, Dictionary<string, string>>? change = null) => await DatabaseServer.StartAsync(await servers.PostgresAsync(), change);
}

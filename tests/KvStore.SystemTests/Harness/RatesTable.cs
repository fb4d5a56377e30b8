using System.Globalization;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>A table of PostgreSQL as the origin of the keys below <c>rates/</c>, with a log of every write that arrives there, also of those that come too late.</summary>
internal sealed class RatesTable : IAsyncDisposable
{
    public const string Prefix = "rates/";

    private readonly PostgresServer _server;

    private RatesTable(PostgresServer server) => _server = server;

    /// <summary>The settings of a service whose writes are delivered there.</summary>
    public (string Name, string Value)[] Settings =>
    [
        ("Origins__rates__Prefix", Prefix), ("Origins__rates__Writes", "behind"), ("Origins__rates__Workers__Max", "8"),
        ("Origins__rates__Calls__BreakerOpenFor", "200ms"),
        ("Origins__rates__Sql__ConnectionString", _server.ConnectionString),
        ("Origins__rates__Sql__Load", "select id as key, body as value from rates where id = any(@keys)"),
        ("Origins__rates__Sql__Store", Insert("@text")),
        ("Origins__rates__Sql__Delete", Insert("null")),
    ];

    /// <summary>Makes the table.</summary>
    /// <param name="arriving">What the database does when a write arrives, as PL/pgSQL.</param>
    public static async Task<RatesTable> CreateAsync(string arriving)
    {
        var table = new RatesTable(await PostgresServer.StartAsync());
        await table._server.QueryAsync($"""
            create table rates (id text primary key, body text, version bigint not null);
            create table arrivals (number bigserial, id text, body text, version bigint);
            create function arrive() returns trigger language plpgsql as $$
            begin
              {arriving}
              insert into arrivals (id, body, version) values (new.id, new.body, new.version);
              return new;
            end $$;
            create trigger arrive before insert on rates for each row execute function arrive();
            """);
        return table;
    }

    // Texts, or null for a deleted one.
    private async Task<Dictionary<string, string?>> ReadAsync() => (await _server.QueryAsync("select id, coalesce(body, '-') from rates"))
        .Select(row => row.Split('|')).ToDictionary(row => Prefix + row[0], row => row[1] == "-" ? null : row[1]);

    /// <summary>How many writes arrived, and how many of those again; fails if one of a key arrived after a newer one.</summary>
    /// <param name="mayBeLate">
    /// Whether it may do so, as it does when two replicas take themselves for the first for a moment: the table does not take it then, because of its version.
    /// </param>
    public async Task<(int All, int Again)> CheckArrivalsAsync(bool mayBeLate = false)
    {
        var (all, again) = (0, 0);
        var before = new Dictionary<string, (long Version, string Body)>();
        foreach (var row in (await _server.QueryAsync("select id, version, coalesce(body, '-') from arrivals order by number")).Select(row => row.Split('|')))
        {
            var arrival = (Version: long.Parse(row[1], CultureInfo.InvariantCulture), Body: row[2]);
            all++;
            if (before.TryGetValue(row[0], out var last))
            {
                if (mayBeLate && arrival.Version < last.Version)
                    continue;
                Assert.True(last.Version <= arrival.Version, $"{row[0]} got version {arrival.Version} after {last.Version}.");
                Assert.True(last.Version < arrival.Version || last == arrival, $"{row[0]} got {arrival} after {last}.");
                again += last == arrival ? 1 : 0;
            }

            before[row[0]] = arrival;
        }

        return (all, again);
    }

    /// <summary>What a service says of the origin.</summary>
    public static async Task<JsonElement> ReadOriginAsync(Uri address)
    {
        using var connection = await RawConnection.ConnectAsync(address);
        return (await connection.ExchangeAsync("GET /v1/origins/rates HTTP/1.1\r\nHost: localhost\r\n\r\n")).Json;
    }

    /// <summary>Waits until the database has what a service has accepted, but for so many that it refuses.</summary>
    public static async Task WhenDeliveredAsync(ServerProcess server, int parked = 0)
    {
        var outbox = default(JsonElement);
        try
        {
            await server.WaitUntilAsync(async _ =>
            {
                outbox = (await ReadOriginAsync(server.Address)).GetProperty("outbox");
                return outbox.GetProperty("pending").GetInt64() == 0 && outbox.GetProperty("parked").GetInt64() == parked;
            });
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"The outbox is {outbox}. {exception.Message}", exception);
        }
    }

    /// <summary>Asserts that the table has what a service has.</summary>
    public async Task AssertSameAsync(ServerProcess server)
    {
        using var connection = await RawConnection.ConnectAsync(server.Address);
        var page = (await connection.ExchangeAsync($"GET /v1/kv?prefix={Prefix}&limit=1000&values=true HTTP/1.1\r\nHost: localhost\r\n\r\n")).Json;
        var stored = page.GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("key").GetString()!, item => item.GetProperty("text").GetString());
        var arrived = (await ReadAsync()).Where(row => row.Value is not null);
        Assert.Equal(stored.OrderBy(pair => pair.Key, StringComparer.Ordinal), arrived.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    /// <summary>Ends the database as a crash would.</summary>
    public Task CrashAsync() => _server.CrashAsync();

    public Task RestartAsync() => _server.RestartAsync();

    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Insert(string body) =>
        $"insert into rates values (@key, {body}, @revision) on conflict (id) do update set body = excluded.body, version = excluded.version where rates.version <= excluded.version";
}

using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>Write-behind to a real database: kill -9 at any moment, and a database that is away, refuses or is slow.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class OutboxTests : IDisposable
{
    private const string Outbox = "/v1/origins/rates/outbox";

    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    // The native program starts in a few hundredths of a second, the ordinary build in half of one.
    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 1000 : Repository.NativeServer is null ? 10 : 100;

    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    // The database takes its time, so that there is a backlog when the service is killed.
    [Fact]
    public async Task Kill_AnyMoment_EveryAcknowledgedWriteArrivesInOrder()
    {
        await using var table = await RatesTable.CreateAsync("perform pg_sleep(random() * 0.01);");
        var random = Seed.NewRandom();
        var writers = new Writers(random, writers: 6, keysPerWriter: 10, valueBytesMax: 200, RatesTable.Prefix);
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await _data.StartAsync(table.Settings);
            await writers.CheckAsync(server.Address);
            var enough = writers.AnsweredAsync(random.Next(1, 100));
            var writing = writers.WriteAsync(server.Address);
            await enough;
            server.Send(Signal.Kill);
            await server.WaitForExitAsync(ExitTimeout);
            await writing;
        }

        await using var last = await _data.StartAsync(table.Settings);
        await writers.CheckAsync(last.Address);
        await RatesTable.WhenDeliveredAsync(last);
        var (arrivals, again) = await table.CheckArrivalsAsync();
        await table.AssertSameAsync(last);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds} rounds, {writers.Answered} writes acknowledged, {arrivals} arrivals, of which {again} again");
    }

    [Fact]
    public async Task Database_AwayRefusingAndSlow_WritesAreAcknowledgedAndArrive()
    {
        await using var table = await RatesTable.CreateAsync("if new.id = 'bad' and new.body = 'worse' then raise exception 'no such rate'; end if; if new.id like 'slow%' then perform pg_sleep(0.2); end if;");
        await using (var server = await _data.StartAsync(table.Settings))
        {
            using var client = await RawConnection.ConnectAsync(server.Address);
            await client.PutAsync("rates/good", "1");
            await client.PutAsync("rates/bad", "worse");
            await client.PutAsync("rates/good", "2");
            await RatesTable.WhenDeliveredAsync(server, parked: 1);
            var parked = (await GetAsync(client, Outbox + "?state=parked")).Json.GetProperty("items")[0];
            Assert.Equal("rates/bad", parked.GetProperty("key").GetString());
            Assert.Contains("no such rate", parked.GetProperty("reason").GetString(), StringComparison.Ordinal);

            await table.CrashAsync();
            for (var i = 0; i < 100; i++)
                await client.PutAsync($"rates/{i}", $"while it is away, {i}");
            Assert.Equal("while it is away, 7", (await client.GetAsync("rates/7")).Text);
            await server.WaitUntilAsync(async _ => (await GetAsync(client, "/v1/origins/rates")).Json.GetProperty("breaker").GetString() == "open");
            await table.RestartAsync();
            await RatesTable.WhenDeliveredAsync(server, parked: 1);

            // One is delivered in the time in which a hundred are acknowledged.
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < 100; i++)
                await client.PutAsync("rates/slow", $"{i}");
            var count = (await table.CheckArrivalsAsync()).All;
            await client.PutAsync("rates/bad", "better");
            await RatesTable.WhenDeliveredAsync(server);
            await table.AssertSameAsync(server);
            Assert.True((await table.CheckArrivalsAsync()).All < count + 50);
            TestContext.Current.TestOutputHelper?.WriteLine($"100 writes of a slow row took {Stopwatch.GetElapsedTime(start)}.");

            // A stop waits for what is being delivered, and keeps the rest.
            for (var i = 0; i < 30; i++)
                await client.PutAsync($"rates/slow/{i}", "before the stop");
            server.Send(Signal.Terminate);
            Assert.Equal(0, await server.WaitForExitAsync(ExitTimeout));
        }

        await using (var refused = _data.Launch([.. table.Settings, ("Origins__rates__Writes", "local")]))
        {
            Assert.Equal(2, await refused.WaitForExitAsync(ServerProcess.StartTimeout));
            Assert.Contains("Set KvStore:Origins:rates:Writes to behind until its outbox is empty", refused.Error.ToString(), StringComparison.Ordinal);
        }

        await using var again = await _data.StartAsync(table.Settings);
        await RatesTable.WhenDeliveredAsync(again);
        await table.AssertSameAsync(again);
        Assert.Equal(0, (await table.CheckArrivalsAsync()).Again);
    }

    private static Task<Response> GetAsync(RawConnection connection, string target) => connection.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
}


namespace KvStore.SystemTests;

/// <summary>Watches under random load, with clients that come back, a service that is killed, and a history that is short.</summary>
public sealed class WatchHistoryTests
{
    private const int Writers = 4;

    // Every one of them twice, each with a randomness of its own.
    private static readonly string[] Queries = ["?prefix=", "?prefix=a/", "?prefix=pair/", "?key=a/1", "?key=pair/2/left", "?prefix=b/1"];

    [Fact]
    public async Task Watch_AcrossRestarts_MissesNothing()
    {
        using var data = new DataDirectory();
        var clients = await RunAsync(data, TimeSpan.FromSeconds(1.5), [Signal.Terminate, Signal.Kill, Signal.Kill], ("HistoryCommitsMax", "1000000"));
        Assert.All(clients, client => Assert.Equal(0, client.Gone));
    }

    [Fact]
    public async Task Watch_ShortHistory_RelistsWhenGone()
    {
        using var data = new DataDirectory();
        var clients = await RunAsync(data, TimeSpan.FromSeconds(6), [], ("HistoryCommitsMax", "12"));
        Assert.Contains(clients, client => client.Gone > 0);
    }

    private static async Task<List<WatchingClient>> RunAsync(DataDirectory data, TimeSpan time, Signal[] ends, params (string Name, string Value)[] settings)
    {
        settings = [("WatchBookmarkInterval", "00:00:00.2000000"), ("SlowRequestTime", "00:00:00.0500000"), .. settings];
        var random = Seed.NewRandom();
        using var writes = new WatchedWrites();
        var server = await data.StartAsync(settings);
        try
        {
            writes.Address = server.Address;
            var last = long.MaxValue;
            var clients = Queries.Concat(Queries).Select(query => new WatchingClient(query, writes)).ToList();
            var watching = clients.Select(client => (Client: client, Own: new Random(random.Next())))
                .Select(one => Task.Run(() => one.Client.WatchAsync(one.Own, () => Volatile.Read(ref last)))).ToArray();
            using var end = new CancellationTokenSource();
            var writing = Enumerable.Range(0, Writers).Select(writer => (Writer: writer, Own: new Random(random.Next())))
                .Select(one => Task.Run(() => writes.WriteAsync(one.Writer, one.Own, end.Token))).ToArray();

            await Task.Delay(time, TestContext.Current.CancellationToken);
            foreach (var signal in ends)
            {
                server.Send(signal);
                await server.WaitForExitAsync(TimeSpan.FromSeconds(10));
                await server.DisposeAsync();
                server = await data.StartAsync(settings);
                writes.Address = server.Address;
                await Task.Delay(time, TestContext.Current.CancellationToken);
            }

            await end.CancelAsync();
            await Task.WhenAll(writing);
            var (revision, entries) = await writes.ListAsync();
            Volatile.Write(ref last, revision);
            await Task.WhenAll(watching).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

            var output = TestContext.Current.TestOutputHelper;
            output?.WriteLine($"{revision} commits, {writes.Answered.Count} answered changes; {clients.Sum(client => client.Connections)} connections, {clients.Sum(client => client.Gone)} times gone, {clients.Sum(client => client.Changes)} changes seen");
            Assert.True(writes.Answered.Count > 500);
            foreach (var client in clients)
                client.Check(revision, entries);

            // Watches last for seconds, as they should; other requests may be slow on a busy machine.
            Assert.DoesNotContain("/v1/watch", server.Transcript, StringComparison.Ordinal);
            return clients;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}

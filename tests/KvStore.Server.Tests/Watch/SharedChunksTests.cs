using System.Globalization;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Watchers of the same keys are sent the same bytes, at once or as their clients take them, with the content that each would get alone.</summary>
public sealed class SharedChunksTests
{
    private const int Commits = 400;

    // While their clients do not receive, the events stay with the requests. Each event has a thousandth of what the history keeps.
    [Fact]
    public async Task Watch_SomeClientsStopReceiving_EachGetsEveryEventOnce()
    {
        const int Watchers = 12;
        await using var server = await KvServer.StartAsync(("SendBufferBytes", "16KiB"));
        var connections = new List<RawConnection>();
        for (var i = 0; i < Watchers; i++)
            connections.Add(await BeginAsync(server));
        var quick = connections.Take(Watchers / 2).Select(connection => ReadAsync(connection, Commits)).ToArray();
        var value = new string('v', 2_000);
        for (var i = 0; i < Commits; i++)
            await server.CommitAsync(Some.Put($"k{i % 7}", value));

        // The others receive nothing yet.
        foreach (var revisions in await Task.WhenAll(quick).Within())
            Assert.Equal(Enumerable.Range(1, Commits), revisions);
        foreach (var connection in connections.Skip(Watchers / 2))
            Assert.Equal(Enumerable.Range(1, Commits), await ReadAsync(connection, Commits).Within());

        // All of them have caught up, and are served together again; what is too large for that, by their requests.
        await server.CommitAsync(Some.Put("k"));
        await server.CommitAsync(Some.Put("k", new string('v', 100_000)));
        await server.CommitAsync(Some.Put("k"));
        foreach (var connection in connections)
            Assert.Equal([Commits + 1, Commits + 2, Commits + 3], await ReadAsync(connection, 3).Within());
        connections.ForEach(static connection => connection.Dispose());
        await server.WatchersAsync(0);
        await Soon.UntilAsync(() => server.Store.Memory.Watches.Bytes == 0);
    }

    private static async Task<RawConnection> BeginAsync(KvServer server)
    {
        var connection = await server.SendAsync("GET /v1/watch?prefix=k HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(200, (await connection.ReadHeadAsync()).Status);
        return connection;
    }

    // The revisions of the next events. Bookmarks and the comment at the beginning have none.
    private static async Task<List<int>> ReadAsync(RawConnection connection, int events)
    {
        const string Mark = "data: {\"revision\":";
        var revisions = new List<int>();
        while (revisions.Count < events)
        {
            var content = new StringBuilder();
            do
                content.Append(await ReadChunkAsync(connection));
            while (!content.ToString().EndsWith("\n\n", StringComparison.Ordinal));
            foreach (var line in content.ToString().Split('\n').Where(static line => line.StartsWith(Mark, StringComparison.Ordinal) && line.Contains("changes", StringComparison.Ordinal)))
                revisions.Add(int.Parse(line[Mark.Length..line.IndexOf(',', StringComparison.Ordinal)], CultureInfo.InvariantCulture));
        }

        return revisions;
    }

    private static async Task<string> ReadChunkAsync(RawConnection connection)
    {
        var size = int.Parse(await ReadLineAsync(connection), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var content = await connection.TakeAsync(size);
        Assert.Equal("", await ReadLineAsync(connection));
        return Encoding.UTF8.GetString(content);
    }

    private static async Task<string> ReadLineAsync(RawConnection connection)
    {
        var line = new StringBuilder();
        while (line.Length < 2 || line[^1] != '\n')
            line.Append((char)(await connection.TakeAsync(1))[0]);
        return line.ToString(0, line.Length - 2);
    }
}

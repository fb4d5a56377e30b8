using System.IO.Pipelines;

namespace KvStore.Client.Tests;

/// <summary>Watches that resume, on the same store or on another.</summary>
public sealed class WatchTests
{
    private const string Entries = """{"key":"a","revision":3,"size":1,"content_type":"text/plain","text":"x"}""";

    private static readonly string Initial = Answers.Event("entry", Entries) + Answers.Event("synced", """{"revision":7}""");
    private static readonly string Change = Answers.Event("change", """{"revision":9,"changes":[{"type":"delete","key":"a"}]}""");

    [Fact]
    public async Task Resume_SameStore_ContinuesAfterTheLastEvent()
    {
        await using var server = new Recording(Answers.Stream(Initial + Change), Answers.Stream(Answers.Event("bookmark", """{"revision":12}"""), 12));
        using var client = server.NewClient();
        var events = await client.WatchPrefixAsync("", new KvWatchOptions { IsInitial = true }, Clients.Token).Take(5).ToListAsync(Clients.Token);
        Assert.Equal(["Reset", "Entry", "Synced", "Changed", "Bookmark"], Names(events));
        Assert.Equal("00000000000000aa.9", Assert.IsType<KvWatchEvent.Changed>(events[3]).Revision.ToString());
        Assert.Equal([null, Answers.Store], server.StoreIds);
        Assert.EndsWith("=9", server.Targets[1], StringComparison.Ordinal);
        Assert.DoesNotContain("initial", server.Targets[1], StringComparison.Ordinal);
    }

    // The memory engine was restarted, or a backup was restored.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resume_OtherStore_BeginsAgainWithAReset(bool isCheckedByTheService)
    {
        var other = isCheckedByTheService ? Answers.Problem(410, "other-store") : Answers.Stream("", 9, Answers.OtherStore);
        await using var server = new Recording(Answers.Stream(Initial + Change), other, Answers.Stream(Initial, store: Answers.OtherStore));
        using var client = server.NewClient();
        var events = await client.WatchPrefixAsync("", new KvWatchOptions { IsInitial = true }, Clients.Token).Take(7).ToListAsync(Clients.Token);
        Assert.Equal(["Reset", "Entry", "Synced", "Changed", "Reset", "Entry", "Synced"], Names(events));
        Assert.Equal("00000000000000bb.7", Assert.IsType<KvWatchEvent.Synced>(events[6]).Revision.ToString());
        Assert.Equal([null, Answers.Store, null], server.StoreIds);
        Assert.Contains("initial=true", server.Targets[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resume_OtherStoreWithoutInitial_IsGone(bool isCheckedByTheService)
    {
        var other = isCheckedByTheService ? Answers.Problem(410, "other-store") : Answers.Stream("", 9, Answers.OtherStore);
        await using var server = new Recording(Answers.Stream(""), other);
        using var client = server.NewClient();
        await Assert.ThrowsAsync<KvRevisionGoneException>(() => client.WatchPrefixAsync("", null, Clients.Token).ToListAsync(Clients.Token).AsTask());
        Assert.Equal([null, Answers.Store], server.StoreIds);
    }

    // A position that a process has persisted, with the wish for a complete copy if it is of no use any more.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Begin_AfterAPersistedRevision_Resumes(bool isOfTheStore)
    {
        string[] answers = isOfTheStore ? [Answers.Stream(Change)] : [Answers.Problem(410, "other-store"), Answers.Stream(Initial, store: Answers.OtherStore)];
        await using var server = new Recording(answers);
        using var client = server.NewClient();
        var options = new KvWatchOptions { After = KvRevision.Parse("00000000000000aa.8"), IsInitial = true };
        var first = await client.WatchPrefixAsync("", options, Clients.Token).FirstAsync(Clients.Token);
        Assert.IsType(isOfTheStore ? typeof(KvWatchEvent.Changed) : typeof(KvWatchEvent.Reset), first);
        Assert.Equal(Answers.Store, server.StoreIds[0]);
        Assert.EndsWith("=8", server.Targets[0], StringComparison.Ordinal);
    }

    // The service sends comments while it waits for a revision of the future, and they are no events.
    [Fact]
    public async Task Silence_OnlyWhileReading_EndsTheConnection()
    {
        var time = new FakeTimeProvider();
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var bytes = new Pipe();
        await using var stream = new WatchStream(bytes.Reader.AsStream(), silence, TimeSpan.FromSeconds(30), 1000);
        for (var i = 0; i < 5; i++)
        {
            var reading = stream.ReadAsync(new byte[100], silence.Token);
            time.Advance(TimeSpan.FromSeconds(20));
            await bytes.Writer.WriteAsync(": waiting\n\n"u8.ToArray(), Clients.Token);
            Assert.Equal(11, await reading);
            time.Advance(TimeSpan.FromHours(1));
        }

        var last = stream.ReadAsync(new byte[100], silence.Token);
        time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => last.AsTask());
    }

    // The connection is dead, although nothing says so.
    [Fact]
    public async Task Watch_Silent_Reconnects()
    {
        var (time, connections) = (new FakeTimeProvider(), 0);
        await using var server = new ScriptedServer(async (_, connection) =>
        {
            await connection.SendAsync(Answers.Stream(connections++ == 0 ? Answers.Event("bookmark", """{"revision":8}""") : Change));
            await connection.WhenClosedAsync();
        });
        using var client = Clients.ClientOf(server, Clients.Quick with { TimeProvider = time });
        await using var events = client.WatchPrefixAsync("", null, Clients.Token).GetAsyncEnumerator(Clients.Token);
        await events.MoveNextAsync();
        var next = events.MoveNextAsync();
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await next);
        Assert.IsType<KvWatchEvent.Changed>(events.Current);
    }

    [Fact]
    public async Task Event_TooLarge_EndsTheWatch()
    {
        await using var server = ScriptedServer.Always(Answers.Stream($": {new string('x', 2000)}\n\n"));
        using var client = Clients.ClientOf(server, Clients.Quick with { ResponseBytesMax = 1000 });
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.WatchPrefixAsync("", null, Clients.Token).ToListAsync(Clients.Token).AsTask());
        Assert.Contains("ResponseBytesMax", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_NotOfKvStore_EndsTheWatch()
    {
        await using var server = ScriptedServer.Always(Answers.Stream(Answers.Event("change", "hello")));
        using var client = Clients.ClientOf(server);
        await Assert.ThrowsAsync<KvStoreException>(() => client.WatchPrefixAsync("", null, Clients.Token).ToListAsync(Clients.Token).AsTask());
    }

    private static IEnumerable<string> Names(IEnumerable<KvWatchEvent> events) => events.Select(watchEvent => watchEvent.GetType().Name);

    /// <summary>Records what was asked, and answers the requests in order.</summary>
    private sealed class Recording : IAsyncDisposable
    {
        private readonly ScriptedServer _server;

        public Recording(params string[] answers) => _server = new ScriptedServer((request, connection) =>
        {
            Targets.Add(request.Target);
            StoreIds.Add(request.Header("KvStore-Store-Id"));
            return connection.SendAsync(answers[Targets.Count - 1]);
        });

        public List<string> Targets { get; } = [];

        public List<string?> StoreIds { get; } = [];

        public KvStoreClient NewClient() => Clients.ClientOf(_server);

        public ValueTask DisposeAsync() => _server.DisposeAsync();
    }
}

using KvStore.Client;
using KvStore.Crdt;

namespace KvStore.SystemTests;

/// <summary>Mergeable values of the .NET client against the real service, with connections that break and a service that is killed.</summary>
public sealed class MergeableReplicaTests : IDisposable
{
    private static readonly Uri AnyAddress = new("http://kvstore.invalid");
    private static readonly KvStoreClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), RetryDelayMax = TimeSpan.FromMilliseconds(20) };

    private readonly string _directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Calls_OfEachType_ChangeAndRead()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        using var client = new KvStoreClient(server.Address);
        Assert.Null(await client.Mergeable.GetAsync("absent", cancellationToken: Token));

        var likes = await client.Mergeable.IncrementAsync("likes", 3, cancellationToken: Token);
        Assert.Equal((true, (Int128)3), (likes.Created, likes.Number!.Value));
        Assert.Equal((Int128)1, (await client.Mergeable.IncrementAsync("likes", -2, cancellationToken: Token)).Number);
        await client.Mergeable.ChangeAsync("list", ["milk", "eggs"], cancellationToken: Token);
        await client.Mergeable.ChangeAsync("list", ["bread"], ["eggs"], cancellationToken: Token);
        var list = await client.Mergeable.GetAsync("list", cancellationToken: Token);
        Assert.Equal(["bread", "milk"], list!.Elements);
        var note = await client.Mergeable.EditAsync("note", [new TextEdit(0, "hello world", 0)], cancellationToken: Token);
        await client.Mergeable.EditAsync("note", [new TextEdit(0, "oh, ", 0)], cancellationToken: Token);
        await client.Mergeable.EditAsync("note", [new TextEdit(6, "my ", 0)], note.Version, cancellationToken: Token);
        Assert.Equal("oh, hello my world", (await client.Mergeable.GetAsync("note", cancellationToken: Token))!.Text);

        Assert.Equal("other-type", (await Assert.ThrowsAsync<KvMergeException>(() => client.Mergeable.IncrementAsync("note", cancellationToken: Token))).Problem);
        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => client.Mergeable.IncrementAsync("likes", 1, options: new KvWriteOptions { IfAbsent = true }, cancellationToken: Token));
        await client.PutAsync("entry", "text", cancellationToken: Token);
        Assert.Equal("not-mergeable", (await Assert.ThrowsAsync<KvMergeException>(() => client.Mergeable.GetAsync("entry", cancellationToken: Token))).Problem);
    }

    [Fact]
    public async Task Watch_OfAValue_BringsEachChange()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        using var client = new KvStoreClient(server.Address);
        await client.Mergeable.EditAsync("note", [new TextEdit(0, "a", 0)], cancellationToken: Token);
        var state = await client.Mergeable.GetDeltaAsync("note", cancellationToken: Token);
        var copy = (TextReplica)MergeableValue.TryLoad(state!.Bytes!.Value.Span, ReplicaId.Create())!;
        await using var events = client.Mergeable.WatchAsync("note", () => copy.Version, Token).GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());
        Assert.Null(Assert.IsType<KvMergeableEvent.Delta>(events.Current).Bytes);
        await client.Mergeable.EditAsync("note", [new TextEdit(1, "b", 0)], cancellationToken: Token);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(MergeOutcome.Merged, copy.Merge(Assert.IsType<KvMergeableEvent.Delta>(events.Current).Bytes!.Value.Span));
        Assert.Equal("ab", copy.GetText());

        copy.Insert(2, "c");
        var merged = await client.Mergeable.MergeAsync("note", copy, copy.Encode(), cancellationToken: Token);
        Assert.Equal((copy.Version, null), (merged.Version, merged.Bytes));
        await client.DeleteAsync("note", cancellationToken: Token);
        while (await events.MoveNextAsync() && events.Current is KvMergeableEvent.Delta)
        {
            // What this replica did comes back.
        }

        Assert.IsType<KvMergeableEvent.Deleted>(events.Current);
        Assert.False(await events.MoveNextAsync());
    }

    // Each replica adds elements that can be told apart and a number; the service is killed, answers are lost, and replicas are opened again from their files.
    [Fact]
    public async Task Replicas_WhileTheServiceIsKilled_LoseAndDoubleNothing()
    {
        const int Replicas = 3;
        using var data = new DataDirectory();
        using var connection = new UnreliableConnection();
        using var http = new HttpClient(connection) { Timeout = Timeout.InfiniteTimeSpan };
        using var client = new KvStoreClient(http, AnyAddress, Quick);
        var random = Seed.NewRandom();
        var (elements, number) = (new List<string>(), 0L);
        for (var round = 0; round < 3; round++)
        {
            await using var server = await data.StartAsync();
            connection.Target = server.Address;
            for (var i = 0; i < Replicas; i++)
            {
                using var setFile = new KvReplicaFile(Path.Combine(_directory, $"set-{i}"));
                using var numberFile = new KvReplicaFile(Path.Combine(_directory, $"number-{i}"));
                await using var set = await KvMergeableReplica.OpenAsync(client, "set", CrdtType.ORSet, new KvReplicaOptions { Storage = setFile }, Token);
                await using var counter = await KvMergeableReplica.OpenAsync(client, "number", CrdtType.PNCounter, new KvReplicaOptions { Storage = numberFile }, Token);
                for (var change = 0; change < 10; change++)
                {
                    var name = $"{round}.{i}.{change}";
                    var by = random.Next(-100, 100);
                    set.Change([name]);
                    counter.Increment(by);
                    elements.Add(name);
                    number += by;
                    if (random.Next(3) == 0)
                        connection.LoseAnswers(random.Next(3));
                    if (random.Next(3) == 0)
                        await set.SaveAsync(Token);
                    if (change == 7 && i == 1)
                        connection.Target = null;
                }

                connection.Target = server.Address;
                if (i == 0)
                    await set.SyncAsync(Token).WaitAsync(Soon.Patience, Token);
            }

            connection.Target = null;
        }

        await using var last = await data.StartAsync();
        connection.Target = last.Address;
        for (var pass = 0; pass < 2; pass++)
        {
            for (var i = 0; i < Replicas; i++)
            {
                using var setFile = new KvReplicaFile(Path.Combine(_directory, $"set-{i}"));
                using var numberFile = new KvReplicaFile(Path.Combine(_directory, $"number-{i}"));
                await using var set = await KvMergeableReplica.OpenAsync(client, "set", CrdtType.ORSet, new KvReplicaOptions { Storage = setFile }, Token);
                await using var counter = await KvMergeableReplica.OpenAsync(client, "number", CrdtType.PNCounter, new KvReplicaOptions { Storage = numberFile }, Token);
                await Task.WhenAll(set.SyncAsync(Token), counter.SyncAsync(Token)).WaitAsync(Soon.Patience, Token);
                if (pass == 0)
                    continue;
                Assert.Equal(elements.Order(StringComparer.Ordinal), set.Elements);
                Assert.Equal((Int128)number, counter.Number);
            }
        }
    }
}

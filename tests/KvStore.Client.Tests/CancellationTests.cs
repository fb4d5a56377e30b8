using System.Diagnostics;

namespace KvStore.Client.Tests;

/// <summary>A call ends at once when it is cancelled or the client is disposed, whatever it is waiting for.</summary>
public sealed class CancellationTests
{
    // .NET reads an abandoned response for 2 s, in the hope of using its connection again.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1.5);

    public enum Waiting
    {
        Connect,
        Answer,
        Body,
        BackOff,
        Watch,
    }

    public static TheoryData<Waiting, bool> All => new MatrixTheoryData<Waiting, bool>(Enum.GetValues<Waiting>(), [false, true]);

    [Theory]
    [MemberData(nameof(All))]
    public async Task Call_CancelledOrDisposed_EndsAtOnce(Waiting waiting, bool isDisposed)
    {
        var (waits, closed) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var server = new ScriptedServer(async (_, connection) =>
        {
            var answer = waiting switch
            {
                Waiting.Body => Answers.Entry("value")[..^1],
                Waiting.BackOff => Answers.Problem(503, "unavailable", headers: "Retry-After: 60\r\n"),
                Waiting.Watch => Answers.Stream(Answers.Event("bookmark", """{"revision":7}""")),
                _ => "",
            };
            await connection.SendAsync(answer);
            waits.TrySetResult();
            await connection.WhenClosedAsync();
            closed.TrySetResult();
        });
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = waiting != Waiting.Connect ? null : async (_, token) =>
            {
                waits.TrySetResult();
                closed.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
                throw new UnreachableException();
            },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        using var client = new KvStoreClient(http, server.Address, Clients.Quick with { TimeProvider = new FakeTimeProvider(), Timeout = TimeSpan.FromHours(1) });
        using var cancellation = new CancellationTokenSource();

        Task call = waiting == Waiting.Watch
            ? client.WatchPrefixAsync("", cancellationToken: cancellation.Token).CountAsync(cancellation.Token).AsTask()
            : client.GetAsync("key", cancellationToken: cancellation.Token);
        await waits.Task.WaitAsync(Clients.Token);

        var watch = Stopwatch.StartNew();
        if (isDisposed)
            client.Dispose();
        else
            await cancellation.CancelAsync();
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => call);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, AtOnce);
        Assert.IsType(isDisposed ? typeof(ObjectDisposedException) : typeof(OperationCanceledException), failure, exactMatch: isDisposed);
        if (waiting != Waiting.BackOff)
            await closed.Task.WaitAsync(Clients.Token);
        if (isDisposed)
            await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetAsync("key", cancellationToken: Clients.Token));
    }

    // The consumer has seen enough: the service must not go on sending to no one.
    [Fact]
    public async Task Watch_LeftByTheConsumer_ClosesTheConnectionAtOnce()
    {
        var closed = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (_, connection) =>
        {
            await connection.SendAsync(Answers.Stream(Answers.Event("bookmark", """{"revision":7}""")));
            await connection.WhenClosedAsync();
            closed.TrySetResult();
        });
        using var client = Clients.ClientOf(server);
        var watch = Stopwatch.StartNew();
        await client.WatchPrefixAsync("", cancellationToken: Clients.Token).FirstAsync(Clients.Token);
        await closed.Task.WaitAsync(Clients.Token);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, AtOnce);
    }
}

using System.Threading.Channels;
using KvStore.Extensions.DependencyInjection;
using KvStore.Extensions.Queues;
using Microsoft.Extensions.Hosting;

namespace KvStore.Extensions.Tests;

/// <summary>Functions that execute jobs, alone and as a hosted service.</summary>
public sealed class QueueWorkerTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();
    private readonly Channel<Exception> _errors = Channel.CreateUnbounded<Exception>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_CompletesAbandonsAndLeavesSettledJobsAlone()
    {
        var queue = NewQueue();
        foreach (var payload in new[] { "good", "bad", "rejected" })
            await queue.EnqueueAsync(payload, cancellationToken: Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = queue.RunAsync((job, cancellation) => job.Text switch
        {
            "bad" => throw new InvalidOperationException("It is bad."),
            "rejected" => job.RejectAsync("No.", cancellation),
            _ => Task.CompletedTask,
        }, onError: (job, exception) => _errors.Writer.TryWrite(exception), cancellationToken: stop.Token);
        await Soon.UntilAsync(async () => await queue.CountAsync(Token) == new KvQueueCounts(0, 0, 1, 1));
        Assert.IsType<InvalidOperationException>(await _errors.Reader.ReadAsync(Token).AsTask().Within());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Within());
    }

    [Fact]
    public async Task Run_Concurrency_IsAsManyAtOnce()
    {
        const int Concurrency = 3;
        var queue = NewQueue();
        for (var i = 0; i < 7; i++)
            await queue.EnqueueAsync("job", cancellationToken: Token);
        var begun = Channel.CreateUnbounded<int>();
        using var gate = new SemaphoreSlim(0);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var executing = 0;
        var running = queue.RunAsync(async (_, cancellation) =>
        {
            begun.Writer.TryWrite(Interlocked.Increment(ref executing));
            await gate.WaitAsync(cancellation);
            Interlocked.Decrement(ref executing);
        }, Concurrency, cancellationToken: stop.Token);
        for (var i = 0; i < Concurrency; i++)
            Assert.InRange(await begun.Reader.ReadAsync(Token).AsTask().Within(), 1, Concurrency);
        Assert.Equal(new KvQueueCounts(4, 3, 0, 0), await queue.CountAsync(Token));
        gate.Release(4);
        for (var i = 0; i < 4; i++)
            Assert.InRange(await begun.Reader.ReadAsync(Token).AsTask().Within(), 1, Concurrency);

        // The three that still run are cancelled, and their attempts do not count.
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Within());
        Assert.Equal(new KvQueueCounts(3, 0, 0, 0), await queue.CountAsync(Token));
        await using var again = (await queue.TryClaimAsync(Token))!;
        Assert.Equal(1, again.Attempt);
    }

    [Fact]
    public async Task Host_ExecutesJobsInScopes()
    {
        var name = _prefix + "hosted";
        var done = Channel.CreateUnbounded<(string Payload, object Scoped)>();
        var services = new ServiceCollection().AddLogging().AddScoped<object>();
        services.AddKvStoreClient(service.Address);
        services.AddKvStoreQueue(name).AddKvStoreQueueWorker(name, (scope, job, _) =>
        {
            done.Writer.TryWrite((job.Text, scope.GetRequiredService<object>()));
            return Task.CompletedTask;
        }, concurrency: 2);
        await using var provider = services.BuildServiceProvider();
        var worker = provider.GetServices<IHostedService>().Single(hosted => hosted.GetType().Name == "QueueWorker");
        await worker.StartAsync(Token);
        var queue = provider.GetRequiredKeyedService<KvQueue>(name);
        await queue.EnqueueAsync("one", cancellationToken: Token);
        await queue.EnqueueAsync("two", cancellationToken: Token);
        var one = await done.Reader.ReadAsync(Token).AsTask().Within();
        var two = await done.Reader.ReadAsync(Token).AsTask().Within();
        Assert.Equal(["one", "two"], new[] { one.Payload, two.Payload }.Order());
        Assert.NotSame(one.Scoped, two.Scoped);
        await Soon.UntilAsync(async () => await queue.CountAsync(Token) == default);
        await worker.StopAsync(Token).Within();
    }

    [Fact]
    public async Task Run_StoreAway_ReportsAndStops()
    {
        using var away = new KvStoreClient(new Uri("http://127.0.0.1:1"), new KvStoreClientOptions { RetriesMax = 0 });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = new KvQueue(away, "q").RunAsync((_, _) => Task.CompletedTask, onError: (_, exception) => _errors.Writer.TryWrite(exception), cancellationToken: stop.Token);
        Assert.IsType<KvStoreException>(await _errors.Reader.ReadAsync(Token).AsTask().Within());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Within());
    }

    private KvQueue NewQueue() => new(service.Client, "q", new KvQueueOptions { Prefix = _prefix });
}

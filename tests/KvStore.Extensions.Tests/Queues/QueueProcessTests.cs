using System.Globalization;
using KvStore.Extensions.Queues;

namespace KvStore.Extensions.Tests;

/// <summary>Workers that are processes, and that are killed and stopped while they have jobs.</summary>
public sealed class QueueProcessTests(Service service)
{
    // By hand more: KVSTORE_TEST_ROUNDS=100.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("KVSTORE_TEST_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 3;

    private readonly string _prefix = Service.NewPrefix();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Workers_KilledAndStopped_EachJobIsDoneOnce()
    {
        var queue = new KvQueue(service.Client, "jobs", new KvQueueOptions { Prefix = _prefix });
        var jobs = new HashSet<string>();
        var workers = Enumerable.Range(0, 2).Select(_ => NewWorker()).ToList();
        var killed = 0;
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                for (var i = 0; i < 20; i++)
                    await EnqueueAsync();
                var worker = await BusyWorkerAsync();
                if (round % 3 == 2)
                {
                    worker.Send(Signal.Stop);
                    await Soon.UntilAsync(async () => await service.Client.CountAsync($"{_prefix}jobs/leases/", cancellationToken: Token) == 0);
                    worker.Send(Signal.Continue);
                    continue;
                }

                worker.Send(Signal.Kill);
                workers.Remove(worker);
                worker.Dispose();
                killed++;
                workers.Add(NewWorker());
            }

            await Soon.UntilAsync(async () => await service.Client.CountAsync($"{_prefix}done/", cancellationToken: Token) == jobs.Count && await queue.CountAsync(Token) == default);
        }
        finally
        {
            foreach (var worker in workers)
                worker.Dispose();
        }

        // Completed once each, though some were executed more often.
        var runs = 0L;
        await foreach (var entry in service.Client.ListAsync($"{_prefix}done/", cancellationToken: Token))
        {
            Assert.Equal(1, entry.Version);
            Assert.Contains(entry.Key[$"{_prefix}done/".Length..], jobs);
            runs += long.Parse((await service.Client.GetAsync($"{_prefix}runs/{entry.Key[$"{_prefix}done/".Length..]}", cancellationToken: Token))!.Text, CultureInfo.InvariantCulture);
        }

        Assert.True(runs >= jobs.Count);
        TestContext.Current.TestOutputHelper!.WriteLine($"{jobs.Count} jobs, {runs} runs, {killed} workers killed in {Rounds} rounds");

        async Task EnqueueAsync() => jobs.Add(await queue.EnqueueAsync($"job {jobs.Count}", cancellationToken: Token));

        // One that has a job, which it may end at any moment. With another job for each poll, so that there always is one.
        async Task<Holder> BusyWorkerAsync()
        {
            Holder? busy = null;
            await Soon.UntilAsync(async () =>
            {
                await EnqueueAsync();
                var leases = await service.Client.ListAsync($"{_prefix}jobs/leases/", withValues: true, cancellationToken: Token).Select(lease => lease.Text).ToListAsync(Token);
                busy = workers.Find(worker => leases.Contains($"{Environment.MachineName}/{worker.Id}"));
                return busy is not null;
            });
            return busy!;
        }
    }

    private Holder NewWorker() => new("work", service.Address, "jobs", _prefix);
}

using System.Diagnostics;
using System.Net;
using KvStore.Client;
using KvStore.Extensions.Queues;

namespace KvStore.ExtensionsLoad;

/// <summary>16 workers empty a queue, with windows of several sizes in alternation; and 16 idle workers wait for one job after the other.</summary>
internal static class QueueLoad
{
    private const int Workers = 16;
    private const int Jobs = 500;
    private const int LoneJobs = 50;

    private static readonly int[] Windows = [1, 8, 64, 512];

    private readonly record struct Figure(double ClaimsPerSecond, double Requests, double Vain, double Milliseconds);

    public static async Task RunAsync(Uri kvstore, int rounds)
    {
        var requests = new CountingHandler();
        using var http = new HttpClient(requests) { Timeout = Timeout.InfiniteTimeSpan };
        using var client = new KvStoreClient(http, kvstore);
        var figures = Windows.ToDictionary(window => window, _ => new List<Figure>());
        var lone = new List<Figure>();
        for (var round = -1; round < rounds; round++)
        {
            foreach (var window in Windows)
            {
                var figure = await EmptyAsync(client, requests, $"window-{window}-{round}", window);
                if (round >= 0)
                    figures[window].Add(figure);
            }

            var waited = await WaitAsync(client, requests, $"lone-{round}");
            if (round >= 0)
                lone.Add(waited);
        }

        Console.WriteLine($"{Workers} workers and {Jobs} jobs that are ready; medians of {rounds} rounds");
        Console.WriteLine($"{"window",8} {"jobs/s",10} {"requests/job",14} {"claims in vain/job",20}");
        foreach (var (window, list) in figures)
            Console.WriteLine($"{window,8} {Median(list, f => f.ClaimsPerSecond),10:F0} {Median(list, f => f.Requests),14:F2} {Median(list, f => f.Vain),20:F2}");
        Console.WriteLine($"{Workers} idle workers, one job after the other: {Median(lone, f => f.Milliseconds):F2} ms from the call to enqueue to the claim, {Median(lone, f => f.Vain):F2} claims in vain for each job");
    }

    private static async Task<Figure> EmptyAsync(KvStoreClient client, CountingHandler requests, string name, int window)
    {
        var options = new KvQueueOptions { ClaimWindow = window };
        var queue = new KvQueue(client, name, options);
        await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => queue.EnqueueAsync("job")));
        requests.Reset();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            // Each as a process of its own would.
            var own = new KvQueue(client, name, options);
            while (await own.TryClaimAsync() is { } job)
            {
                await job.CompleteAsync();
                await job.DisposeAsync();
            }
        }));
        return new Figure(Jobs / Stopwatch.GetElapsedTime(start).TotalSeconds, requests.All / (double)Jobs, requests.Vain / (double)Jobs, 0);
    }

    private static async Task<Figure> WaitAsync(KvStoreClient client, CountingHandler requests, string name)
    {
        using var stop = new CancellationTokenSource();
        var claimed = new SemaphoreSlim(0);
        var running = Enumerable.Range(0, Workers).Select(_ => new KvQueue(client, name).RunAsync((_, _) => Task.FromResult(claimed.Release()), cancellationToken: stop.Token)).ToArray();
        var queue = new KvQueue(client, name);
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        requests.Reset();
        var waits = new List<double>();
        for (var i = 0; i < LoneJobs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await queue.EnqueueAsync("job");
            await claimed.WaitAsync();
            waits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }

        var figure = new Figure(0, 0, requests.Vain / (double)LoneJobs, waits.Order().ElementAt(LoneJobs / 2));
        await stop.CancelAsync();
        foreach (var run in running)
        {
            try
            {
                await run;
            }
            catch (OperationCanceledException)
            {
                // Stopped.
            }
        }

        return figure;
    }

    private static double Median(List<Figure> figures, Func<Figure, double> of) => figures.Select(of).Order().ElementAt(figures.Count / 2);

    private sealed class CountingHandler() : DelegatingHandler(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero })
    {
        private int _all;
        private int _vain;

        public int All => Volatile.Read(ref _all);

        public int Vain => Volatile.Read(ref _vain);

        public void Reset() => (_all, _vain) = (0, 0);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _all);
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.PreconditionFailed && request.RequestUri!.AbsolutePath == "/v1/txn")
                Interlocked.Increment(ref _vain);
            return response;
        }
    }
}

// A producer and workers of the queue "thumbnails": run.sh starts one of the former and two of the latter, and kills one.
// Usage: dotnet run -- produce http://localhost:8080 20, or dotnet run -- work http://localhost:8080 NAME
using System.Globalization;
using KvStore.Client;
using KvStore.Extensions.Queues;

var (task, address, argument) = (args[0], new Uri(args[1]), args[2]);
using var store = new KvStoreClient(address);

// A job comes back two seconds after its worker was killed, which is short, to be seen here.
var thumbnails = new KvQueue(store, "thumbnails", new KvQueueOptions { LeaseTime = TimeSpan.FromSeconds(2), SweepInterval = TimeSpan.FromSeconds(1), RetryDelay = TimeSpan.FromMilliseconds(500), ClaimsMax = 3 });
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

if (task == "produce")
    await ProduceAsync(int.Parse(argument, CultureInfo.InvariantCulture));
else
    await thumbnails.RunAsync(MakeThumbnailAsync, concurrency: 2, Report, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);

// Adds the jobs, as often as it is started the same ones, and waits until all of them are done or dead.
async Task ProduceAsync(int count)
{
    for (var i = 1; i <= count; i++)
        await thumbnails.EnqueueAsync($"photo-{i}.jpg", new KvEnqueueOptions { IdempotencyKey = $"thumbnails/photo-{i}" }, stop.Token);
    Console.WriteLine($"producer: {count} jobs are in the queue");
    while (await thumbnails.CountAsync(stop.Token) is { Ready: var ready, Taken: var taken, Delayed: var delayed } && ready + taken + delayed > 0)
        await Task.Delay(200, stop.Token);
    Console.WriteLine($"producer: {await store.CountAsync("thumbnails/", cancellationToken: stop.Token)} thumbnails");
    await foreach (var dead in thumbnails.ListDeadAsync(stop.Token))
        Console.WriteLine($"producer: {System.Text.Encoding.UTF8.GetString(dead.Payload.Span)} is a dead letter after {dead.Attempts} attempts: {dead.Reason}");
}

// The thumbnail is stored in the commit that completes the job, so there is one for each photo, however many workers have tried.
async Task MakeThumbnailAsync(KvJob job, CancellationToken cancellationToken)
{
    Console.WriteLine($"{argument}: {job.Text}, attempt {job.Attempt}");
    await Task.Delay(150, cancellationToken);
    if (job.Text == "photo-13.jpg")
        throw new InvalidDataException("The picture is damaged.");
    await job.CompleteAsync(new KvTransaction().IfAbsent($"thumbnails/{job.Text}").Put($"thumbnails/{job.Text}", $"by {argument}"), cancellationToken);
}

void Report(KvJob? job, Exception exception) => Console.WriteLine($"{argument}: {job?.Text ?? "the store"}: {exception.Message}");

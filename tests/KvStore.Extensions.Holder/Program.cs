using System.Globalization;
using KvStore.Client;
using KvStore.Extensions.Locking;
using KvStore.Extensions.Queues;

// lock ADDRESS NAME KEY LEASE-SECONDS, or work ADDRESS QUEUE PREFIX LEASE-SECONDS.
var (address, name, place, lease) = (new Uri(args[1]), args[2], args[3], TimeSpan.FromSeconds(double.Parse(args[4], CultureInfo.InvariantCulture)));
using var store = new KvStoreClient(address);
if (args[0] == "lock")
    await HoldAsync();
else
    await WorkAsync();

// Takes the lock again and again, and writes its fencing token to the key for as long as the fence lets it. It looks at neither Lost nor IsHeld, as a process that was paused between looking and writing.
async Task HoldAsync()
{
    var locks = new KvLocks(store, new KvLockOptions { LeaseTime = lease });
    while (true)
    {
        await using var held = await locks.AcquireAsync(name);
        Console.WriteLine($"held {held.FencingToken}");
        try
        {
            while (true)
            {
                await store.TransactAsync(held.Guard(new KvTransaction().Put(place, held.FencingToken.ToString(CultureInfo.InvariantCulture))));
                await Task.Delay(5);
            }
        }
        catch (KvPreconditionFailedException)
        {
            Console.WriteLine($"fenced {held.FencingToken}");
        }
    }
}

// Executes jobs, also those that it has lost, and says so: a job leaves a run before it is done, and an entry that must not exist in the commit that completes it.
async Task WorkAsync()
{
    var queue = new KvQueue(store, name, new KvQueueOptions { Prefix = place, LeaseTime = lease, SweepInterval = TimeSpan.FromSeconds(1), ClaimsMax = 1000 });
    await queue.RunAsync(async (job, _) =>
    {
        Console.WriteLine($"claimed {job.Id}");
        await store.IncrementAsync($"{place}runs/{job.Id}", cancellationToken: CancellationToken.None);
        await Task.Delay(5, CancellationToken.None);
        try
        {
            await job.CompleteAsync(new KvTransaction().IfAbsent($"{place}done/{job.Id}").Put($"{place}done/{job.Id}", job.Text), CancellationToken.None);
            Console.WriteLine($"done {job.Id}");
        }
        catch (KvPreconditionFailedException)
        {
            Console.WriteLine($"late {job.Id}");
        }
    });
}

using System.Globalization;
using KvStore.Client;
using KvStore.Extensions.Locking;

// ADDRESS NAME KEY LEASE-SECONDS: takes the lock NAME again and again, and writes its fencing token to KEY for as long as the fence lets it. It looks at neither Lost nor IsHeld, as
// a process that was paused between looking and writing.
var (address, name, key, lease) = (new Uri(args[0]), args[1], args[2], double.Parse(args[3], CultureInfo.InvariantCulture));
using var store = new KvStoreClient(address);
var locks = new KvLocks(store, new KvLockOptions { LeaseTime = TimeSpan.FromSeconds(lease) });
while (true)
{
    await using var held = await locks.AcquireAsync(name);
    Console.WriteLine($"held {held.FencingToken}");
    try
    {
        while (true)
        {
            await store.TransactAsync(held.Guard(new KvTransaction().Put(key, held.FencingToken.ToString(CultureInfo.InvariantCulture))));
            await Task.Delay(5);
        }
    }
    catch (KvPreconditionFailedException)
    {
        Console.WriteLine($"fenced {held.FencingToken}");
    }
}

using KvStore.Client;

var address = Environment.GetEnvironmentVariable("KVSTORE_URL") ?? "http://localhost:8080";
using var store = new KvStoreClient(new Uri(address));
const string Key = "user/42/name";

// Put. The answer names the revision of the write.
var created = await store.PutAsync(Key, "Ada");
Console.WriteLine($"put: revision {created.Revision.Number}");

// Get. An entry has the revision that last wrote it.
var entry = await store.GetAsync(Key) ?? throw new InvalidOperationException("The entry was deleted.");
Console.WriteLine($"get: {entry.Text} \"{entry.Revision.Number}\"");

// Put only if the entry still has the revision that was read.
var unchanged = new KvWriteOptions { IfRevision = entry.Revision };
var replaced = await store.PutAsync(Key, "Ada Lovelace", unchanged);
Console.WriteLine($"put if match: revision {replaced.Revision.Number}");
try
{
    await store.PutAsync(Key, "Ada King", unchanged);
}
catch (KvPreconditionFailedException failure)
{
    Console.WriteLine($"put if match: 412, the entry has \"{failure.CurrentRevision?.Number}\"");
}

// List a prefix. The client asks for further pages as they are needed.
await foreach (var item in store.ListAsync("user/", withValues: true))
    Console.WriteLine($"list: {item.Key} = {item.Text}");

// Watch the prefix, from the first put on, until there is one change. The client reconnects by itself.
await foreach (var message in store.WatchPrefixAsync("user/", new KvWatchOptions { After = created.Revision }))
{
    if (message is KvWatchEvent.Changed { Changes: [var change, ..] })
    {
        Console.WriteLine($"watch: {change.Kind.ToString().ToLowerInvariant()} {change.Key} = {change.Entry?.Text}");
        break;
    }
}

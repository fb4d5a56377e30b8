using System.Reflection;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Serialization;
using KvStore.Client;
using KvStore.Client.Tour;

// Every part of the client that differs between its builds for .NET 8 and .NET 10, once. Each line is compared by a test.
using var store = new KvStoreClient(new Uri(args[0]));
Console.WriteLine($"client: {typeof(KvStoreClient).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName}");

await store.PutAsync("tour/text", "Ada");
Console.WriteLine($"text: {(await store.GetAsync("tour/text"))!.Text}");

await store.PutJsonAsync("tour/json", new Person("Ada", 36), TourJson.Default.Person);
Console.WriteLine($"json: {await store.GetJsonAsync("tour/json", TourJson.Default.Person)}");

var updated = await store.UpdateJsonAsync("tour/json", person => person! with { Age = person.Age + 1 }, TourJson.Default.Person);
Console.WriteLine($"updated: {updated}");

using var lines = new MemoryStream();
await store.ExportAsync(lines, "tour/");
var copy = Encoding.UTF8.GetString(lines.ToArray()).Replace("tour/", "copy/", StringComparison.Ordinal);
var report = await store.ImportAsync(new MemoryStream(Encoding.UTF8.GetBytes(copy)));
Console.WriteLine($"imported: {report.Imported}");

await foreach (var item in store.ListLevelAsync())
    Console.WriteLine($"group: {item.Name}");
await foreach (var message in store.WatchPrefixAsync("tour/", new KvWatchOptions { IsInitial = true }))
{
    if (message is KvWatchEvent.Entry { Value: var entry })
        Console.WriteLine($"watch: {entry.Key}");
    if (message is KvWatchEvent.Synced)
        break;
}

await store.Mergeable.IncrementAsync("tour/likes");
Console.WriteLine($"mergeable: {(await store.Mergeable.GetAsync("tour/likes"))!.Number}");

namespace KvStore.Client.Tour
{
    internal sealed record Person(string Name, int Age);

    [JsonSerializable(typeof(Person))]
    internal sealed partial class TourJson : JsonSerializerContext;
}

// Stores every record of a Debian package index under debian/{package}, reads them back, and compares them byte for byte.
// Usage: dotnet run -c Release --project samples/debian-packages -- [INDEX [URL]]
using System.Diagnostics;
using System.Globalization;

const int ConcurrentRequests = 32;
const int ErrorsShown = 10;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var source = args.ElementAtOrDefault(0) ?? "apt-cache";
var address = new Uri(args.ElementAtOrDefault(1) ?? "http://localhost:8080");
using var client = new PackageClient(address, ConcurrentRequests);
if (!await client.IsReadyAsync())
{
    await Console.Error.WriteLineAsync($"{address} is not a KvStore that is ready. Start one: dotnet run -c Release --project src/KvStore.Server");
    return 2;
}

var packages = PackageIndex.Parse(await PackageIndex.ReadAsync(source));
var errors = 0;
var stored = await ForAllAsync("stored", client.StoreAsync);
var compared = await ForAllAsync("read back", client.CompareAsync);
Console.WriteLine($"{packages.Count} entries, {(stored + compared).TotalSeconds:F1} seconds (stored in {stored.TotalSeconds:F1}, read back in {compared.TotalSeconds:F1}), {errors} errors");
return errors == 0 && packages.Count > 0 ? 0 : 1;

async Task<TimeSpan> ForAllAsync(string done, Func<string, ReadOnlyMemory<byte>, Task<string?>> action)
{
    var count = 0;
    var clock = Stopwatch.StartNew();
    await using (new Timer(_ => ShowProgress(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))
    {
        await Parallel.ForEachAsync(packages, new ParallelOptions { MaxDegreeOfParallelism = ConcurrentRequests }, async (package, _) =>
        {
            if (await action(package.Key, package.Value) is { } error && Interlocked.Increment(ref errors) <= ErrorsShown)
                await Console.Error.WriteLineAsync($"{package.Key}: {error}");
            Interlocked.Increment(ref count);
        });
    }

    var elapsed = clock.Elapsed;
    ShowProgress();
    if (!Console.IsErrorRedirected)
        await Console.Error.WriteLineAsync();
    return elapsed;

    // A terminal shows one line that is overwritten; a file gets one line for each state.
    void ShowProgress()
    {
        var line = $"{Volatile.Read(ref count)} of {packages.Count} {done}";
        Console.Error.Write(Console.IsErrorRedirected ? line + "\n" : "\r" + line);
    }
}

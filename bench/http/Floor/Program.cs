using System.Globalization;
using KvStore.Floor;

// load URL ENTRIES VALUE_BYTES CONNECTIONS: fills a running store. flush DIRECTORY BYTES SECONDS: writes and flushes. Anything else: the floor, with the arguments of any web application.
if (args is ["load", var url, var entries, var bytes, var connections])
{
    await Loader.LoadAsync(new Uri(url), Number(entries), (int)Number(bytes), (int)Number(connections));
    return;
}

if (args is ["flush", var directory, var block, var seconds])
{
    FlushLoop.Run(directory, (int)Number(block), Number(seconds));
    return;
}

await FloorApplication.Create(args).RunAsync();

static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

using System.Globalization;
using KvStore.Floor;
using KvStore.Floor.Commits;

// load URL ENTRIES VALUE_BYTES CONNECTIONS: fills a running store. flush DIRECTORY BYTES SECONDS SPACE: writes and flushes, into a space of FileSpace.
// Anything else: the floor, with the arguments of any web application; with --commit KIND --directory DIRECTORY --space SPACE a PUT is on disk before its answer.
if (args is ["load", var url, var entries, var bytes, var connections])
{
    await Loader.LoadAsync(new Uri(url), Number(entries), (int)Number(bytes), (int)Number(connections));
    return;
}

if (args is ["flush", var directory, var block, var seconds, var space])
{
    FlushLoop.Run(directory, (int)Number(block), Number(seconds), Enum.Parse<FileSpace>(space, ignoreCase: true));
    return;
}

await FloorApplication.Create(args).RunAsync();

static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
